// A lane of states over time, for values that are no numbers: each from its time to the next, with its text.

import { TIMES, basics } from './chart.js';
import { plain } from './text.js';
import { colour, styled } from './theme.js';

const ROW = 26;

export const heightOf = (curves, last) => curves.length * ROW + (last ? TIMES : 4) + 6;

/** The same text has the same colour everywhere, and another than those that came before it. */
const slots = new Map();
const slotOf = (text) => {
  if (!slots.has(text)) slots.set(text, slots.size);
  return slots.get(text);
};

export class States {
  #chart;
  #curves;

  constructor(parent, curves, options) {
    this.#curves = curves;
    const { x, xAxis, ...common } = basics(options);
    this.#chart = new uPlot({
      ...common,
      hooks: { ...common.hooks, draw: [(chart) => this.#draw(chart)] },
      scales: { x, y: { range: [0, 1] } },
      axes: [{ ...xAxis, grid: { show: false } }, { size: options.left, values: () => [], splits: () => [], grid: { show: false }, ticks: { show: false } }],
      padding: [2, options.right, options.last ? 0 : 4, 0],
      series: [{}, { scale: 'y', stroke: 'transparent', points: { show: false } }],
    }, this.#data(options.span), parent);
  }

  get uplot() { return this.#chart; }

  get points() { return this.#curves.map((curve) => curve.v.filter((value) => value !== null).length); }

  update(curves, span) {
    this.#curves = curves;
    this.#chart.setData(this.#data(span));
  }

  resize(width, height) { this.#chart.setSize({ width, height }); }

  destroy() { this.#chart.destroy(); }

  // The times of the states, so that the cursor can move from one to the next.
  #data(span) {
    const times = this.#curves.flatMap((curve) => curve.t.map((time) => curve.base + time));
    const inside = [span.from, ...times.filter((time) => time > span.from && time < span.to), span.to];
    const sorted = [...new Set(inside)].sort((one, other) => one - other);
    return [sorted, sorted.map(() => null)];
  }

  #draw(chart) {
    const { ctx, bbox } = chart;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.font = `${12 * ratio}px system-ui, sans-serif`;
    ctx.textBaseline = 'middle';
    ctx.textAlign = 'left';
    this.#curves.forEach((curve, row) => {
      const top = bbox.top + (row * ROW + 3) * ratio;
      const height = (ROW - 6) * ratio;
      curve.v.forEach((value, place) => {
        if (value === null) return;
        const start = Math.max(chart.valToPos(curve.base + curve.t[place], 'x', true), bbox.left);
        const next = curve.t[place + 1];
        const end = next === undefined ? bbox.left + bbox.width : chart.valToPos(curve.base + next, 'x', true);
        const text = plain(value, curve.notes?.[place]?.value);
        const fill = colour(slotOf(text));
        ctx.fillStyle = `${fill}38`;
        ctx.fillRect(start, top, Math.max(end - start - ratio, ratio), height);
        ctx.fillStyle = fill;
        ctx.fillRect(start, top, Math.min(3 * ratio, Math.max(end - start, ratio)), height);
        const room = end - start - 14 * ratio;
        if (room < 18 * ratio) return;
        ctx.fillStyle = styled('--text');
        let shown = text;
        while (shown.length > 1 && ctx.measureText(`${shown}…`).width > room) shown = shown.slice(0, -1);
        ctx.fillText(shown === text ? text : `${shown}…`, start + 9 * ratio, top + height / 2 + ratio / 2);
      });
    });
    ctx.restore();
  }
}
