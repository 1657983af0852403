// What is drawn, as a table: for those who can't see the charts, and for those who want the numbers.

import { isAverage, label } from './curve.js';
import { byId, element } from './element.js';
import { count, cut, duration, exactValue, milestoneText, short, when } from './text.js';
import { MEASURES } from './view.js';

/** Up to how many times are listed, the newest of them. */
const MOST = 200;

const cell = (curve, place) => (isAverage(curve) ? short(curve.values[place]) : cut(exactValue(curve, place), 60));

const title = (curve) => {
  const name = label(curve, true);
  return isAverage(curve) ? `${name} (${MEASURES[curve.measure].toLowerCase()} of ${duration(curve.interval)})` : name;
};

/** All times within the span, newest first, each with its texts by column. */
const rowsOf = (curves, milestones, span) => {
  const rows = new Map();
  const put = (time, column, text) => {
    if (time < span.from || time > span.to) return;
    if (!rows.has(time)) rows.set(time, new Map());
    const row = rows.get(time);
    row.set(column, row.has(column) ? `${row.get(column)}, ${text}` : text);
  };
  curves.forEach((curve, column) => curve.t.forEach((time, place) => put(curve.base + time, column, cell(curve, place))));
  milestones.forEach((milestone) => put(milestone.time, curves.length, milestoneText(milestone)));
  return [...rows].sort(([one], [other]) => other - one);
};

export class Values {
  #lanes;

  constructor(lanes) {
    this.#lanes = lanes;
    lanes.addEventListener('drawn', () => this.refresh());
  }

  /** Newer values, unless the table is hidden, or somebody is reading further down. */
  refresh() {
    if (byId('values').closest('[hidden]') || byId('values').scrollTop >= 8) return;
    this.load();
  }

  load() {
    const curves = this.#lanes.lanes.flatMap((lane) => lane.curves);
    const { milestones } = this.#lanes;
    const rows = rowsOf(curves, milestones, this.#lanes.span);
    if (rows.length === 0) {
      byId('values').replaceChildren(element('p', { class: 'nothing' }, 'Nothing is drawn.'));
      return;
    }
    const titles = [...curves.map(title), ...(milestones.length > 0 ? ['Lifecycle'] : [])];
    const head = element('tr', {}, ...['Time', ...titles].map((text) => element('th', { scope: 'col' }, text)));
    const body = rows.slice(0, MOST).map(([time, texts]) => element('tr', {},
      element('th', { scope: 'row' }, when(time)),
      ...titles.map((_, column) => element('td', {}, texts.get(column) ?? ''))));
    const caption = rows.length > MOST
      ? `The newest ${MOST} of ${count(rows.length)} times that are drawn; CSV has all values.`
      : 'All that is drawn, newest first.';
    byId('values').replaceChildren(element('table', {}, element('caption', {}, caption),
      element('thead', {}, head), element('tbody', {}, ...body)));
  }
}
