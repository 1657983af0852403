// A chart without a scale: what is drawn in it has a time and a row.

import { basics } from './chart.js';

const ABOVE = 2;
const BELOW = 4;

/** How high a strip is whose rows are so high. */
export const stripHeight = (rows) => ABOVE + rows + BELOW;

export class Strip {
  #chart;
  #times;

  /**
   * `times` are those at which the cursor may stop, `draw` fills the canvas, clipped to the area of the strip. `axis` is
   * what the axis of time has that those of other strips have not.
   */
  constructor(parent, options, times, draw, axis = {}) {
    this.#times = times;
    const { x, xAxis, ...common } = basics(options);
    const clipped = (chart) => {
      const { ctx, bbox } = chart;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      draw(chart, devicePixelRatio);
      ctx.restore();
    };
    const noScale = { size: options.left, values: () => [], splits: () => [], grid: { show: false }, ticks: { show: false } };
    this.#chart = new uPlot({
      ...common,
      hooks: { ...common.hooks, draw: [clipped] },
      scales: { x, y: { range: [0, 1] } },
      axes: [{ ...xAxis, grid: { show: false }, ...axis }, noScale],
      padding: [ABOVE, options.right, BELOW, 0],
      series: [{}, { scale: 'y', stroke: 'transparent', points: { show: false } }],
    }, this.#data(options.span), parent);
  }

  get uplot() { return this.#chart; }

  redraw(times, span) {
    this.#times = times;
    this.#chart.setData(this.#data(span));
  }

  resize(width, height) { this.#chart.setSize({ width, height }); }

  destroy() { this.#chart.destroy(); }

  #data(span) {
    const inside = this.#times.filter((time) => time > span.from && time < span.to);
    const sorted = [...new Set([span.from, ...inside, span.to])].sort((one, other) => one - other);
    return [sorted, sorted.map(() => null)];
  }
}
