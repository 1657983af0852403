// One chart of curves over time, drawn by uPlot: lines that break where the explorer says so, steps that hold, and bands
// from the lowest to the highest around averages.

import { aligned } from './columns.js';
import { hasBand, isStep, removals } from './curve.js';
import { short, zoned } from './text.js';
import { colour, styled } from './theme.js';

const AXIS = 62;
const FONT = '12px system-ui, sans-serif';

/** Up to how many scales get an axis; the others are read by hovering. Fewer where there is little room. */
const mostAxes = (width) => (width < 640 ? 2 : 4);

/** How much room the axes of curves take on the left and on the right. */
export const margins = (scales, width) => {
  const axes = Math.min(mostAxes(width), Math.max(1, scales));
  return { left: AXIS * Math.ceil(axes / 2), right: axes > 1 ? AXIS * Math.floor(axes / 2) : 14 };
};

/** What every chart has in common: lines for the times, the cursor, the selection that zooms. */
export const basics = ({ width, height, span, on }) => ({
  width,
  height,
  ms: 1,
  tzDate: zoned,
  legend: { show: false },
  cursor: {
    y: false,
    drag: { x: true, y: false, setScale: false, dist: 4 },
    sync: { key: 'time', filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' } },
    bind: {
      dblclick: () => () => { on.reset(); return null; },
      // With the shift key the window is moved instead.
      mousedown: (_, __, select) => (event) => (event.shiftKey ? null : select(event)),
    },
    points: { size: 8, width: 2, stroke: styled('--panel') },
  },
  hooks: {
    setSelect: [(chart) => {
      const { left, width: wide } = chart.select;
      chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      if (wide > 0) on.zoom(chart.posToVal(left, 'x'), chart.posToVal(left + wide, 'x'));
    }],
    setCursor: [(chart) => on.hover(chart)],
  },
  x: { time: true, auto: true, range: () => [span.from, span.to] },
  xAxis: {
    stroke: styled('--muted'), font: FONT, size: 0, space: 80, values: (_, splits) => splits.map(() => null),
    grid: { stroke: styled('--grid'), width: 1 }, ticks: { show: false },
  },
});

const yAxis = (scale, side, stroke, first) => ({
  scale, side, stroke, font: FONT, size: AXIS, gap: 6, space: 24,
  values: (_, splits) => splits.map(short),
  grid: { show: first, stroke: styled('--grid'), width: 1 },
  ticks: { show: false },
});

const yRange = (counted) => (_, low, high) => {
  if (low === null) return [0, 1];
  return counted ? [0, Math.max(1, high * 1.05)] : uPlot.rangeNum(low, high, 0.1, true);
};

/** What a chart is made for; another needs another chart. */
export const signature = (curves) =>
  curves.map((curve) => [curve.twin, curve.key, curve.kind, hasBand(curve), curve.measure, curve.shift].join('\n')).join('\n\n');

/** The line of a curve; that of another day is pale and dashed. */
const lineOf = (curve, scale, stroke) => {
  const line = { label: curve.twin, scale, stroke, width: 1.75, points: { size: 5, fill: stroke, width: 0 } };
  if (isStep(curve)) line.paths = uPlot.paths.stepped({ align: 1 });
  return curve.shift ? { ...line, stroke: `${stroke}a0`, width: 1.25, dash: [5, 4], points: { show: false } } : line;
};

export class Chart {
  #chart;
  #curves;

  /** `options.shared` is whether all curves have one scale, rather than one for each key. */
  constructor(parent, curves, slots, options) {
    this.#curves = curves;
    const { x, xAxis, ...common } = basics(options);
    // A prefix, since a key may be called x.
    const scaleOf = (curve) => (options.shared ? 'y' : `y ${curve.key}`);
    const names = [...new Set(curves.map(scaleOf))];
    const counted = curves.some((curve) => curve.avg && curve.measure === 'count');
    const scales = Object.fromEntries(names.map((name) => [name, { auto: true, range: yRange(counted) }]));
    const axes = names.slice(0, mostAxes(options.width)).map((name, place) => {
      const first = slots[curves.findIndex((curve) => scaleOf(curve) === name)];
      return yAxis(name, place % 2 === 0 ? 3 : 1, names.length > 1 ? colour(first) : styled('--muted'), place === 0);
    });
    const series = [];
    const bands = [];
    curves.forEach((curve, place) => {
      const stroke = colour(slots[place]);
      series.push(lineOf(curve, scaleOf(curve), stroke));
      if (!hasBand(curve)) return;
      const edge = { scale: scaleOf(curve), stroke: 'transparent', width: 0, points: { show: false } };
      series.push({ ...edge }, { ...edge });
      bands.push({ series: [series.length, series.length - 1], fill: `${stroke}2e` });
    });
    const draw = (chart) => this.#drawRemovals(chart, slots);
    this.#chart = new uPlot({
      ...common,
      hooks: { ...common.hooks, draw: [draw] },
      scales: { x, ...scales },
      axes: [xAxis, ...axes],
      series: [{}, ...series],
      bands,
      padding: [6, axes.length > 1 ? 0 : 14, 8, 0],
    }, aligned(curves, options.span), parent);
  }

  get uplot() { return this.#chart; }

  update(curves, span) {
    this.#curves = curves;
    this.#chart.setData(aligned(curves, span));
  }

  resize(width, height) { this.#chart.setSize({ width, height }); }

  destroy() { this.#chart.destroy(); }

  /** How many numbers there are to see; for tests. */
  get points() { return this.#curves.map((curve) => curve.values.filter((value) => typeof value === 'number').length); }

  // A cross at the foot of the chart, and a thin line up from it.
  #drawRemovals(chart, slots) {
    const { ctx, bbox } = chart;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.lineWidth = 1.5 * ratio;
    this.#curves.forEach((curve, place) => {
      if (curve.shift) return;
      ctx.strokeStyle = colour(slots[place]);
      for (const time of removals(curve)) {
        const x = chart.valToPos(time, 'x', true);
        if (x < bbox.left || x > bbox.left + bbox.width) continue;
        const [y, arm] = [bbox.top + bbox.height - 8 * ratio, 4 * ratio];
        ctx.beginPath();
        ctx.moveTo(x - arm, y - arm); ctx.lineTo(x + arm, y + arm);
        ctx.moveTo(x - arm, y + arm); ctx.lineTo(x + arm, y - arm);
        ctx.stroke();
        ctx.setLineDash([2 * ratio, 4 * ratio]);
        ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, y - 2 * arm); ctx.stroke();
        ctx.setLineDash([]);
      }
    });
    ctx.restore();
  }
}
