// The charts below each other, with one axis of time: a lane for each key, or one for all; states and marks have their own.

import { margins } from './chart.js';
import { isText } from './curve.js';
import { byId } from './element.js';
import { hide, show, speak } from './hover.js';
import { Lane } from './lane.js';
import { TIMES, Times } from './times.js';
import { nameOf, view } from './view.js';

/** The height of a chart where there is little room for it; and on a phone, whose page is as long as the charts are. */
const LOWEST = 80;
const ON_A_PHONE = 120;

const phone = matchMedia('(max-width: 900px)');

/** A lane's padding and border. */
const AROUND = 5;

/** Curves with one key share a lane and a scale, unless all do; states come after them, and marks last. */
const group = (curves, lifecycle) => {
  const numbers = curves.filter((curve) => !isText(curve));
  const byKey = (curves) => [...Map.groupBy(curves, (curve) => curve.key).values()];
  const lanes = [...(view.layout === 'stacked' ? byKey(numbers) : [numbers]), ...byKey(curves.filter(isText))]
    .filter((curves) => curves.length > 0).map((curves) => ({ curves }));
  const { milestones, total } = lifecycle;
  return milestones.length > 0 ? [...lanes, { milestones, more: total - milestones.length }] : lanes;
};

export class Lanes extends EventTarget {
  #lanes = [];
  #times = null;
  #span = { from: 0, to: 1 };
  #hovered = null;

  constructor() {
    super();
    new ResizeObserver(() => this.#resize()).observe(byId('charts'));
    byId('charts').addEventListener('mouseleave', () => this.#leave());
    byId('charts').addEventListener('scroll', () => this.#leave());
    byId('charts').addEventListener('keydown', (event) => this.#key(event));
    byId('charts').addEventListener('blur', () => this.#leave());
    // For tests, which can't look into a canvas.
    byId('charts').explorer = this;
  }

  /** How wide the area of the curves is. */
  get width() { return Math.max(200, byId('charts').clientWidth - 80); }

  get span() { return { ...this.#span }; }

  get lanes() { return this.#lanes; }

  get drawn() {
    return this.#lanes.flatMap((lane) => lane.curves.map((curve, place) => ({
      name: nameOf(curve), kind: curve.kind, points: lane.chart.points[place], of: curve.of, interval: curve.interval ?? 0,
      breaks: curve.breaks.length, shift: curve.shift, measure: curve.measure,
    })));
  }

  get milestones() { return this.#lanes.flatMap((lane) => lane.milestones); }

  /** Draws curves and marks over a span of time. Charts stay while they fit. */
  draw(curves, lifecycle, span) {
    Object.assign(this.#span, span);
    const groups = group(curves.filter((curve) => view.has(curve)), lifecycle);
    const lanes = groups.map((content) => new Lane(content));
    const same = lanes.length === this.#lanes.length && lanes.every((lane, place) => lane.signature === this.#lanes[place].signature);
    if (same) {
      this.#lanes.forEach((lane, place) => lane.update(lanes[place], this.#span));
      this.#times?.redraw([], this.#span);
      this.#point();
    } else {
      this.#build(lanes);
    }
    this.dispatchEvent(new Event('drawn'));
  }

  /** Draws all anew, in other colours or with other times. */
  rebuild() {
    this.#build(this.#lanes.map((lane) => new Lane(lane)));
  }

  /** Moves what is drawn at once, until what belongs there has come. */
  look(from, to) {
    Object.assign(this.#span, { from, to });
    this.#charts().forEach((chart) => chart.uplot.setScale('x', { min: from, max: to }));
  }

  #charts() { return [...this.#lanes.map((lane) => lane.chart), this.#times].filter(Boolean); }

  #build(lanes) {
    this.#leave();
    this.#charts().forEach((chart) => chart.destroy());
    this.#lanes = lanes;
    byId('lanes').replaceChildren(...lanes.map((lane) => lane.root));
    lanes.forEach((lane) => lane.fillLegend());
    const heights = this.#heights();
    const width = byId('charts').clientWidth - 6;
    // In one chart, the axes of all keys stand beside it; the strips keep clear of them.
    const keys = new Set(lanes.flatMap((lane) => (lane.isStates ? [] : lane.curves.map((curve) => curve.key))));
    const sides = margins(view.layout === 'overlap' ? keys.size : 1, width);
    const on = {
      reset: () => view.reset(),
      zoom: (from, to) => view.zoomTo(from, to),
      hover: (chart) => this.#hover(chart),
    };
    const shared = view.layout === 'shared';
    const common = { width, span: this.#span, on, shared, ...sides };
    lanes.forEach((lane, place) => lane.draw({ ...common, height: heights[place] }));
    this.#times = lanes.length > 0 ? new Times(byId('times'), common) : null;
  }

  // Strips need little; the curves share what is left.
  #heights() {
    const fixed = this.#lanes.map((lane) => lane.height);
    const curves = fixed.filter((height) => height === 0).length;
    const legends = this.#lanes.reduce((sum, lane) => sum + lane.legend.offsetHeight + AROUND, 0);
    const lowest = phone.matches ? ON_A_PHONE : LOWEST;
    const room = phone.matches ? 0 : byId('charts').clientHeight;
    const left = room - TIMES - legends - fixed.reduce((sum, height) => sum + height, 0);
    return fixed.map((height) => height || Math.floor(Math.max(lowest, left / curves)));
  }

  #resize() {
    const width = byId('charts').clientWidth - 6;
    const heights = this.#heights();
    this.#lanes.forEach((lane, place) => lane.chart.resize(width, heights[place]));
    this.#times?.resize(width, TIMES);
  }

  #hover(chart) {
    const lane = this.#lanes.find((lane) => lane.chart?.uplot === chart);
    // A cursor that only follows that of another lane has no event of its own.
    if (!lane || chart.cursor.event === null || chart.cursor.event === undefined) return;
    if (chart.cursor.left < 0) return this.#leave();
    this.#hovered = { lane, left: chart.cursor.left, top: chart.cursor.top };
    this.#point();
  }

  #perPixel(chart) { return (this.#span.to - this.#span.from) / Math.max(1, chart.over.clientWidth); }

  #point() {
    if (!this.#hovered) return this.#lanes.forEach((lane) => lane.refreshLegend());
    const { lane, left, top } = this.#hovered;
    const chart = lane.chart.uplot;
    const time = chart.posToVal(left, 'x');
    const perPixel = this.#perPixel(chart);
    this.#lanes.forEach((lane) => lane.refreshLegend(time, perPixel));
    const { x, y } = chart.over.getBoundingClientRect();
    show(lane, time, perPixel, x + left, y + Math.max(0, top));
  }

  #leave() {
    this.#hovered = null;
    hide();
    this.#lanes.forEach((lane) => lane.chart && lane.refreshLegend());
  }

  #key(event) {
    const lane = this.#hovered?.lane ?? this.#lanes[0];
    if (!lane || event.target !== byId('charts') || event.ctrlKey || event.metaKey || event.altKey) return;
    const width = lane.chart.uplot.over.clientWidth;
    const { from, to } = this.#span;
    const at = this.#hovered ? from + (this.#hovered.left / width) * (to - from) : (from + to) / 2;
    const zoom = (factor) => view.zoomTo(at - (at - from) * factor, at + (to - at) * factor);
    const point = (wanted) => {
      const left = Math.min(width - 1, Math.max(0, wanted));
      this.#hovered = { lane, left, top: this.#hovered?.top ?? 20 };
      this.#lanes.forEach((lane) => lane.chart.uplot.setCursor({ left, top: 20 }, false));
      this.#point();
      speak(this.#lanes, from + (left / width) * (to - from), this.#perPixel(lane.chart.uplot));
    };
    const move = (step) => point((this.#hovered?.left ?? width / 2) + step);
    const pan = (part) => view.zoomTo(from + part * (to - from), to + part * (to - from));
    const keys = {
      ArrowLeft: () => move(event.shiftKey ? -40 : -4),
      ArrowRight: () => move(event.shiftKey ? 40 : 4),
      Home: () => point(0),
      End: () => point(width),
      PageUp: () => pan(-0.5),
      PageDown: () => pan(0.5),
      '+': () => zoom(0.5),
      '-': () => zoom(2),
      Escape: () => view.reset(),
    };
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  }
}
