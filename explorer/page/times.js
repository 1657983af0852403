// The axis of time under all lanes. It stays in view while they scroll.

import { Strip, stripHeight } from './strip.js';
import { axisTimes } from './text.js';
import { styled } from './theme.js';

/** Two lines of text. */
const LABELS = 38;

/** The line above them. */
const LINE = 4;

export const TIMES = stripHeight(LINE + LABELS);

/** Whether the label of a time does not reach over the right edge of the chart. */
const fits = (chart, time, text) => {
  const half = 3.4 * Math.max(...text.split('\n').map(({ length }) => length));
  return chart.bbox.left / devicePixelRatio + chart.valToPos(time, 'x') + half <= chart.width;
};

const drawLine = ({ ctx, bbox }, ratio) => {
  ctx.fillStyle = styled('--line');
  ctx.fillRect(bbox.left, bbox.top, bbox.width, ratio);
};

export class Times extends Strip {
  constructor(parent, options) {
    super(parent, { ...options, height: TIMES }, [], drawLine, {
      size: LABELS,
      values: (chart, splits, axis, space, step) =>
        axisTimes(splits, step).map((text, place) => (fits(chart, splits[place], text) ? text : null)),
    });
  }
}
