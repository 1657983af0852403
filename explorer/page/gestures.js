// Moving the window by hand: a finger or a shifted drag moves it, two fingers or the wheel with Ctrl zoom, a sideways wheel
// moves. What is drawn follows at once; what belongs there is asked for when the hand rests.

import { byId } from './element.js';
import { view } from './view.js';

/** How long a hand that rests has come to its end, in milliseconds. */
const REST = 90;

/** From how many pixels on a touch is no tap. */
const TAP = 6;

export class Gestures {
  #lanes;
  #pointers = new Map();
  #moving = false;
  #resting;

  constructor(lanes) {
    this.#lanes = lanes;
    const charts = byId('charts');
    charts.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    charts.addEventListener('pointerdown', (event) => this.#down(event));
    charts.addEventListener('pointermove', (event) => this.#move(event));
    for (const end of ['pointerup', 'pointercancel']) charts.addEventListener(end, (event) => this.#up(event));
  }

  /** Where a point of the screen is in the window, from 0 to 1; nothing where no curves are. */
  #part(x) {
    const area = byId('lanes').querySelector('.u-over')?.getBoundingClientRect();
    return area && { part: (x - area.left) / area.width, width: area.width };
  }

  #look(from, to) {
    if (to - from < 1) return;
    // Live, the next points would draw the window back.
    if (view.live) view.zoomTo(this.#lanes.span.from, this.#lanes.span.to);
    this.#lanes.look(from, to);
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => view.zoomTo(from, to), REST);
  }

  #pan(pixels, width) {
    const { from, to } = this.#lanes.span;
    const by = (pixels / width) * (to - from);
    this.#look(from - by, to - by);
  }

  #zoom(factor, part) {
    const { from, to } = this.#lanes.span;
    const at = from + part * (to - from);
    this.#look(at - (at - from) * factor, at + (to - at) * factor);
  }

  #wheel(event) {
    const place = this.#part(event.clientX);
    if (!place) return;
    const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) this.#zoom(Math.exp(event.deltaY * 0.002), place.part);
    else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.#pan(-sideways, place.width);
    else return;
    event.preventDefault();
  }

  #down(event) {
    const isDrag = event.pointerType === 'touch' || (event.shiftKey && event.button === 0);
    if (!isDrag || !event.target.closest('.u-over')) return;
    this.#pointers.set(event.pointerId, { x: event.clientX, start: event.clientX });
  }

  #move(event) {
    const pointer = this.#pointers.get(event.pointerId);
    const place = this.#part(event.clientX);
    if (!pointer || !place) return;
    if (!this.#moving && Math.abs(event.clientX - pointer.start) < TAP) return;
    this.#moving = true;
    const before = [...this.#pointers.values()].map(({ x }) => x);
    const by = event.clientX - pointer.x;
    pointer.x = event.clientX;
    if (before.length === 1) return this.#pan(by, place.width);
    const now = [...this.#pointers.values()].map(({ x }) => x);
    const apart = (xs) => Math.max(8, Math.abs(xs[0] - xs[1]));
    this.#zoom(apart(before) / apart(now), this.#part((now[0] + now[1]) / 2).part);
  }

  #up(event) {
    this.#pointers.delete(event.pointerId);
    if (this.#pointers.size === 0) this.#moving = false;
  }
}
