// A lane of states over time, for values that are no numbers: each from its time to the next, with its text.

import { label } from './curve.js';
import { Strip } from './strip.js';
import { plain } from './text.js';
import { colour, styled } from './theme.js';

const BAR = 20;
const NAME = 16;

/** Each row has a name over it where there are several. */
const rowHeight = (curves) => (curves.length > 1 ? BAR + NAME + 4 : BAR + 6);

export const rowsHeight = (curves) => curves.length * rowHeight(curves);

/** The same text has the same colour everywhere, and another than those that came before it. */
const slots = new Map();
const slotOf = (text) => {
  if (!slots.has(text)) slots.set(text, slots.size);
  return slots.get(text);
};

const timesOf = (curves) => curves.flatMap((curve) => curve.t.map((time) => curve.base + time));

export class States {
  #strip;
  #curves;

  constructor(parent, curves, options) {
    this.#curves = curves;
    this.#strip = new Strip(parent, options, timesOf(curves), (chart, ratio) => this.#draw(chart, ratio));
  }

  get uplot() { return this.#strip.uplot; }

  get points() { return this.#curves.map((curve) => curve.v.filter((value) => value !== null).length); }

  update(curves, span) {
    this.#curves = curves;
    this.#strip.redraw(timesOf(curves), span);
  }

  resize(width, height) { this.#strip.resize(width, height); }

  destroy() { this.#strip.destroy(); }

  #draw(chart, ratio) {
    const { ctx, bbox } = chart;
    const several = this.#curves.length > 1;
    const withKey = new Set(this.#curves.map((curve) => curve.key)).size > 1;
    ctx.textBaseline = 'middle';
    ctx.textAlign = 'left';
    this.#curves.forEach((curve, row) => {
      const y = bbox.top + (row * rowHeight(this.#curves) + 2) * ratio;
      if (several) {
        ctx.font = `${11 * ratio}px system-ui, sans-serif`;
        ctx.fillStyle = styled('--muted');
        ctx.fillText(label(curve, withKey), bbox.left, y + (NAME / 2) * ratio);
      }
      this.#drawRow(chart, ratio, curve, several ? y + NAME * ratio : y);
    });
  }

  #drawRow(chart, ratio, curve, top) {
    const { ctx, bbox } = chart;
    const height = BAR * ratio;
    const right = Math.min(bbox.left + bbox.width, chart.valToPos(curve.until, 'x', true));
    ctx.font = `${12 * ratio}px system-ui, sans-serif`;
    ctx.globalAlpha = curve.shift ? 0.6 : 1;
    curve.v.forEach((value, place) => {
      if (value === null) return;
      const start = Math.max(chart.valToPos(curve.base + curve.t[place], 'x', true), bbox.left);
      const next = curve.t[place + 1];
      const end = next === undefined ? Math.max(right, start + 3 * ratio) : chart.valToPos(curve.base + next, 'x', true);
      if (end < bbox.left) return;
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
    ctx.globalAlpha = 1;
  }
}
