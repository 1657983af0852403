// One chart of curves over time, drawn by uPlot: lines that break where the explorer says so, and bands from the lowest
// to the highest around averages.

import { colour, styled } from './theme.js';
import { axisTimes, short, zoned } from './text.js';

export const AXIS = 62;
export const TIMES = 42;
const FONT = '12px system-ui, sans-serif';

/** Up to how many scales get an axis; the others are read by hovering. */
const MOST_AXES = 4;

/** How much room the axes of curves take on the left and on the right. */
export const margins = (curves) => {
  const axes = Math.min(MOST_AXES, Math.max(1, new Set(curves.map((curve) => curve.key)).size));
  return { left: AXIS * Math.ceil(axes / 2), right: axes > 1 ? AXIS * Math.floor(axes / 2) : 14 };
};

const isAverage = (curve) => curve.avg !== undefined;

/** What every chart has in common: the time axis, the cursor, the selection that zooms. */
export const basics = ({ width, height, span, last, on }) => ({
  width,
  height,
  ms: 1,
  tzDate: zoned,
  padding: [6, 14, last ? 0 : 4, 0],
  legend: { show: false },
  cursor: {
    y: false,
    drag: { x: true, y: false, setScale: false, dist: 4 },
    sync: { key: 'time', filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' } },
    bind: { dblclick: () => () => { on.reset(); return null; } },
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
    show: last, stroke: styled('--muted'), font: FONT, size: TIMES, space: 64,
    values: (_, splits, axis, space, step) => axisTimes(splits, step),
    grid: { stroke: styled('--grid'), width: 1 }, ticks: { show: false },
  },
});

const yAxis = (scale, side, stroke, first) => ({
  scale, side, stroke, font: FONT, size: AXIS, gap: 6, space: 24,
  values: (_, splits) => splits.map(short),
  grid: { show: first, stroke: styled('--grid'), width: 1 },
  ticks: { show: false },
});

const yRange = (_, low, high) => (low === null ? [0, 1] : uPlot.rangeNum(low, high, 0.1, true));

/** The columns of a curve: times, then one column or three. A null breaks the line. */
const columns = (curve) => {
  const times = [];
  const values = isAverage(curve) ? [[], [], []] : [[]];
  const from = isAverage(curve) ? [curve.avg, curve.min, curve.max] : [curve.v];
  const breaks = new Set(curve.breaks);
  const middle = isAverage(curve) ? curve.interval / 2 : 0;
  curve.t.forEach((time, place) => {
    const at = curve.base + time + middle;
    if (breaks.has(place)) {
      times.push((times.at(-1) + at) / 2);
      values.forEach((column) => column.push(null));
    }
    // Several changes may have one time; uPlot wants each time once.
    times.push(times.length > 0 && at <= times.at(-1) ? times.at(-1) + 0.001 : at);
    values.forEach((column, which) => {
      const value = from[which][place];
      column.push(typeof value === 'number' ? value : null);
    });
  });
  return [times, ...values];
};

/** The data of all curves over one column of times. The ends of the window are in it, so that it is never empty. */
const aligned = (curves, span) => {
  const tables = [[[span.from, span.to]], ...curves.map(columns)];
  // A break reaches to the next value of its own curve, whatever times the other curves have in between.
  const EXPAND = 2;
  return uPlot.join(tables, tables.map((table) => table.map(() => EXPAND)));
};

/** What a chart is made for; another needs another chart. */
export const signature = (curves) => curves.map((curve) => `${curve.twin}\n${curve.key}\n${isAverage(curve)}`).join('\n\n');

const removals = (curve) => {
  if (isAverage(curve)) return curve.removals;
  return curve.t.filter((_, place) => curve.v[place] === null);
};

const dots = (values) => values.filter((value) => typeof value === 'number').length;

export class Chart {
  #chart;
  #curves;

  constructor(parent, curves, slots, options) {
    this.#curves = curves;
    const { x, xAxis, ...common } = basics(options);
    const keys = [...new Set(curves.map((curve) => curve.key))];
    const scales = Object.fromEntries(keys.map((key) => [key, { auto: true, range: yRange }]));
    const axes = keys.slice(0, MOST_AXES).map((key, place) => {
      const first = slots[curves.findIndex((curve) => curve.key === key)];
      return yAxis(key, place % 2 === 0 ? 3 : 1, keys.length > 1 ? colour(first) : styled('--muted'), place === 0);
    });
    const series = [];
    const bands = [];
    curves.forEach((curve, place) => {
      const stroke = colour(slots[place]);
      series.push({ label: curve.twin, scale: curve.key, stroke, width: 1.75, points: { size: 5, fill: stroke, width: 0 } });
      if (!isAverage(curve)) return;
      const edge = { scale: curve.key, stroke: 'transparent', width: 0, points: { show: false } };
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
      padding: [6, axes.length > 1 ? 0 : 14, options.last ? 0 : 4, 0],
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
  get points() { return this.#curves.map((curve) => dots(curve.v ?? curve.avg)); }

  // A cross at the foot of the chart, and a thin line up from it.
  #drawRemovals(chart, slots) {
    const { ctx, bbox } = chart;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.lineWidth = 1.5 * ratio;
    this.#curves.forEach((curve, place) => {
      ctx.strokeStyle = colour(slots[place]);
      for (const time of removals(curve)) {
        const x = chart.valToPos(curve.base + time, 'x', true);
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
