// One lane: a legend, and below it a chart of curves, rows of states, or marks.

import { Chart, signature } from './chart.js';
import { isAverage, isText, label, placeAt } from './curve.js';
import { element, swatch } from './element.js';
import { briefly } from './hover.js';
import { MARKS, Milestones } from './milestones.js';
import { States, rowsHeight } from './states.js';
import { stripHeight } from './strip.js';
import { count, cut, duration, plain } from './text.js';
import { colour } from './theme.js';
import { MEASURES, nameOf, view } from './view.js';

const latest = ({ latest: point }) => (point ? cut(plain(point.value, point.text), 40) : 'no values yet');

/** How the points became what is drawn. */
const how = (curves) => {
  const words = [];
  const average = curves.find(isAverage);
  if (average) {
    const what = { avg: '⌀', min: 'min', max: 'max', count: 'count', last: 'last' }[average.measure];
    words.push(`${what} ${duration(average.interval)}${average.measure === 'avg' ? ', min–max' : ''}`);
  }
  const fewer = curves.filter((curve) => curve.exact === false);
  if (fewer.length > 0) words.push(`extremes of ${count(fewer.reduce((sum, curve) => sum + curve.of, 0))} points`);
  if (curves.some((curve) => curve.shift && !isText(curve))) words.push('dashed: yesterday');
  return words.join(' · ');
};

export class Lane {
  constructor({ curves = [], milestones = [], more = 0 }) {
    this.curves = curves;
    this.milestones = milestones;
    this.more = more;
    this.slots = curves.map((curve) => view.find(curve)?.slot ?? 0);
    this.legend = element('div', { class: 'legend' });
    this.canvas = element('div', { class: 'canvas' });
    const name = curves.length > 0 ? [...new Set(curves.map((curve) => curve.key))].join(', ') : 'Lifecycle';
    this.root = element('section', { class: 'lane', 'aria-label': name }, this.legend, this.canvas);
  }

  get isStates() { return this.curves.length > 0 && isText(this.curves[0]); }

  get isMarks() { return this.curves.length === 0; }

  /** How high the chart is; 0 if that is as you like. */
  get height() {
    if (this.isMarks) return stripHeight(MARKS);
    return this.isStates ? stripHeight(rowsHeight(this.curves)) : 0;
  }

  get signature() {
    return `${this.isMarks}\n${this.isStates}\n${signature(this.curves)}\n${this.slots}`;
  }

  draw(options) {
    if (this.isMarks) this.chart = new Milestones(this.canvas, this.milestones, options);
    else if (this.isStates) this.chart = new States(this.canvas, this.curves, options);
    else this.chart = new Chart(this.canvas, this.curves, this.slots, options);
  }

  /** Takes over what another lane of the same signature has. */
  update({ curves, milestones, more }, span) {
    Object.assign(this, { curves, milestones, more });
    this.chart.update(this.isMarks ? milestones : curves, span);
  }

  /** Names, latest values and a way to remove each. */
  fillLegend() {
    const keys = new Set(this.curves.map((curve) => curve.key));
    this.values = this.curves.map((curve) => element('output', {}, latest(curve)));
    const chips = this.curves.map((curve, place) => (curve.shift ? null : element('span', { class: 'chip', 'data-series': nameOf(curve) },
      this.isStates ? null : swatch(colour(this.slots[place])),
      element('span', { class: 'of' }, label(curve, keys.size > 1)),
      this.values[place],
      element('button', { type: 'button', 'aria-label': `Remove ${curve.twin} ${curve.key}`, onclick: () => view.toggle(curve, false) }, '×'))));
    const heading = this.isMarks ? 'Lifecycle' : keys.size === 1 ? [...keys][0] : null;
    this.how = element('span', { class: 'how' });
    this.legend.replaceChildren(...[heading && element('h3', {}, heading), ...chips, this.how].filter(Boolean));
    this.refreshLegend();
  }

  /** The values at a time, or the latest. */
  refreshLegend(time, perPixel) {
    this.curves.forEach((curve, place) => {
      const text = time === undefined ? latest(curve) : briefly(curve, placeAt(curve, time, perPixel));
      this.values[place].textContent = cut(text, 40);
    });
    this.how.textContent = this.isMarks ? this.#marked() : how(this.curves);
  }

  /** What is drawn, in words, for a picture. */
  get caption() {
    const measure = this.curves.find(isAverage)?.measure;
    const names = this.curves.filter((curve) => !curve.shift).map((curve) => ({ text: label(curve, true), colour: this.isStates ? null : colour(this.slots[this.curves.indexOf(curve)]) }));
    return { names: this.isMarks ? [{ text: 'Lifecycle', colour: null }] : names, how: this.how.textContent, measure: MEASURES[measure] };
  }

  #marked() {
    return this.more > 0 ? `the newest ${count(this.milestones.length)} of ${count(this.milestones.length + this.more)}` : '';
  }
}
