// The charts below each other, with one axis of time: a lane for each key, or one for all (overlap); states have their own.

import { Chart, TIMES, margins, signature } from './chart.js';
import { byId, element, swatch } from './element.js';
import { briefly, hide, placeAt, show } from './hover.js';
import { States, heightOf } from './states.js';
import { count, duration, plain } from './text.js';
import { colour } from './theme.js';
import { nameOf, view } from './view.js';

const LOWEST = 88;

/** A lane's padding and border. */
const AROUND = 9;

const isText = (curve) => curve.kind === 'text';

class Lane {
  constructor(curves, last) {
    this.curves = curves;
    this.last = last;
    this.slots = curves.map((curve) => view.find(curve)?.slot ?? 0);
    this.legend = element('div', { class: 'legend' });
    this.canvas = element('div');
    this.root = element('section', { class: 'lane', 'aria-label': [...new Set(curves.map((curve) => curve.key))].join(', ') }, this.legend, this.canvas);
    this.values = [];
  }

  get signature() {
    return `${this.last}\n${isText(this.curves[0])}\n${signature(this.curves)}\n${this.slots}`;
  }

  /** Names, latest values and a way to remove each. */
  fillLegend() {
    const keys = new Set(this.curves.map((curve) => curve.key));
    this.values = this.curves.map((curve) => element('output', {}, latest(curve)));
    const chips = this.curves.map((curve, place) => element('span', { class: 'chip', 'data-series': nameOf(curve) },
      isText(curve) ? null : swatch(colour(this.slots[place])),
      element('span', { class: 'of' }, keys.size > 1 ? `${curve.twin} · ${curve.key}` : curve.twin),
      this.values[place],
      element('button', { type: 'button', 'aria-label': `Remove ${curve.twin} ${curve.key}`, onclick: () => view.toggle(curve, false) }, '×')));
    const heading = keys.size === 1 ? element('h3', {}, [...keys][0]) : null;
    this.how = element('span', { class: 'how' });
    this.legend.replaceChildren(...[heading, ...chips, this.how].filter(Boolean));
    this.refreshLegend();
  }

  refreshLegend(time, perPixel) {
    this.curves.forEach((curve, place) => {
      this.values[place].textContent = time === undefined ? latest(curve) : briefly(curve, placeAt(curve, time, perPixel));
    });
    this.how.textContent = how(this.curves);
  }
}

const latest = ({ latest: point }) => {
  if (!point) return 'no values yet';
  const text = plain(point.value, point.text);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
};

/** How the points became what is drawn. */
const how = (curves) => {
  const average = curves.find((curve) => curve.avg);
  if (average) return `⌀ ${duration(average.interval)}, min–max`;
  const fewer = curves.filter((curve) => curve.exact === false);
  if (fewer.length > 0) return `extremes of ${count(fewer.reduce((sum, curve) => sum + curve.of, 0))} points`;
  return '';
};

export class Lanes {
  #lanes = [];
  #span = { from: 0, to: 1 };
  #hovered = null;

  constructor() {
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

  get drawn() {
    return this.#lanes.flatMap((lane) => lane.curves.map((curve, place) => ({
      name: nameOf(curve), kind: curve.kind, points: lane.chart.points[place], of: curve.of, interval: curve.interval ?? 0,
      breaks: curve.breaks.length,
    })));
  }

  /** Draws curves over a span of time. Charts stay while they fit. */
  draw(curves, span) {
    Object.assign(this.#span, span);
    const groups = group(curves.filter((curve) => view.has(curve)));
    const lanes = groups.map((curves, place) => new Lane(curves, place === groups.length - 1));
    const same = lanes.length === this.#lanes.length && lanes.every((lane, place) => lane.signature === this.#lanes[place].signature);
    if (!same) return this.#build(lanes);
    this.#lanes.forEach((lane, place) => {
      lane.curves = lanes[place].curves;
      lane.chart.update(lane.curves, this.#span);
    });
    this.#point();
  }

  /** Draws all anew, in other colours or with other times. */
  rebuild() {
    this.#build(this.#lanes.map(({ curves, last }) => new Lane(curves, last)));
  }

  #build(lanes) {
    this.#leave();
    this.#lanes.forEach((lane) => lane.chart.destroy());
    this.#lanes = lanes;
    byId('lanes').replaceChildren(...lanes.map((lane) => lane.root));
    lanes.forEach((lane) => lane.fillLegend());
    const heights = this.#heights();
    // In one chart, the axes of all keys stand beside it; the states keep clear of them.
    const sides = margins(view.layout === 'overlap' ? lanes.flatMap((lane) => lane.curves).filter((curve) => !isText(curve)) : []);
    const on = {
      reset: () => view.reset(),
      zoom: (from, to) => view.zoomTo(from, to),
      hover: (chart) => this.#hover(chart),
    };
    lanes.forEach((lane, place) => {
      const options = { width: byId('charts').clientWidth - 6, height: heights[place], span: this.#span, last: lane.last, on, ...sides };
      lane.chart = isText(lane.curves[0]) ? new States(lane.canvas, lane.curves, options) : new Chart(lane.canvas, lane.curves, lane.slots, options);
    });
  }

  // States need little; the curves share what is left.
  #heights() {
    const fixed = this.#lanes.map((lane) => (isText(lane.curves[0]) ? heightOf(lane.curves, lane.last) : 0));
    const curves = fixed.filter((height) => height === 0).length;
    const legends = this.#lanes.reduce((sum, lane) => sum + lane.legend.offsetHeight + AROUND, 0);
    const left = byId('charts').clientHeight - legends - fixed.reduce((sum, height) => sum + height, 0);
    return fixed.map((height, place) => {
      if (height > 0) return height;
      // The lowest lane also holds the times.
      const times = fixed.at(-1) > 0 ? 0 : TIMES;
      return Math.floor(Math.max(LOWEST, (left - times) / curves) + (this.#lanes[place].last ? times : 0));
    });
  }

  #resize() {
    const heights = this.#heights();
    this.#lanes.forEach((lane, place) => lane.chart.resize(byId('charts').clientWidth - 6, heights[place]));
  }

  #hover(chart) {
    const lane = this.#lanes.find((lane) => lane.chart?.uplot === chart);
    // A cursor that only follows that of another lane has no event of its own.
    if (!lane || chart.cursor.event === null || chart.cursor.event === undefined) return;
    if (chart.cursor.left < 0) return this.#leave();
    this.#hovered = { lane, left: chart.cursor.left, top: chart.cursor.top };
    this.#point();
  }

  #point() {
    if (!this.#hovered) return this.#lanes.forEach((lane) => lane.refreshLegend());
    const { lane, left, top } = this.#hovered;
    const chart = lane.chart.uplot;
    const time = chart.posToVal(left, 'x');
    const perPixel = (this.#span.to - this.#span.from) / Math.max(1, chart.over.clientWidth);
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
    const move = (step) => {
      const left = Math.min(width - 1, Math.max(0, (this.#hovered?.left ?? width / 2) + step));
      this.#hovered = { lane, left, top: this.#hovered?.top ?? 20 };
      this.#lanes.forEach((lane) => lane.chart.uplot.setCursor({ left, top: 20 }, false));
      this.#point();
    };
    const keys = {
      ArrowLeft: () => move(event.shiftKey ? -40 : -4),
      ArrowRight: () => move(event.shiftKey ? 40 : 4),
      '+': () => zoom(0.5),
      '-': () => zoom(2),
      Escape: () => view.reset(),
    };
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  }
}

/** Curves with one key share a lane and a scale; states come last, in one lane. */
const group = (curves) => {
  const numbers = curves.filter((curve) => !isText(curve));
  const states = curves.filter(isText);
  const byKey = view.layout === 'overlap' ? [numbers] : [...Map.groupBy(numbers, (curve) => curve.key).values()];
  return [...byKey, states].filter((group) => group.length > 0);
};
