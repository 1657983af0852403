// The table of records as they came out of the hub, newest first.

import { get } from './data.js';
import { byId, element } from './element.js';
import { count, plain, when } from './text.js';
import { nameOf, view } from './view.js';

const PAGE = 60;

/** What a record says, in few words. */
const what = (text) => {
  let record;
  try { record = JSON.parse(text); } catch { return ''; }
  if (record === null || typeof record !== 'object') return '';
  const { Key, Value, Action, Name, Source, Target, TwinId } = record;
  const change = (key, value) => (value === null ? `${key} removed` : `${key} = ${plain(value)}`);
  if (Key !== undefined) return change(Key, Value);
  const fate = Action === 'Delete' ? 'deleted' : 'created';
  if (Source !== undefined) return `${Name} → ${Target} ${fate}`;
  if (TwinId !== undefined) return fate;
  return Object.entries(record).filter(([key]) => !key.startsWith('$')).map(([key, value]) => change(key, value)).join(', ');
};

export class Records {
  #limit = PAGE;
  #busy = false;
  /** Those that somebody unfolded. */
  #open = new Set();

  constructor() {
    byId('only').addEventListener('change', () => this.load());
    view.addEventListener('change', () => { if (byId('only').checked) this.load(); });
  }

  /** Newer records, unless the table is hidden, or somebody is reading further down. */
  refresh() {
    if (byId('rows').scrollTop < 8) this.load();
  }

  async load() {
    if (this.#busy || byId('rows').closest('[hidden]')) return;
    this.#busy = true;
    const parameters = [['limit', this.#limit]];
    if (byId('only').checked) view.series.forEach((series) => parameters.push(['series', nameOf(series)]));
    try {
      const { records, kept } = await get('api/records', parameters);
      this.#show(records, kept);
    } catch {
      // The state of the connection is told elsewhere.
    } finally {
      this.#busy = false;
    }
  }

  #show(records, kept) {
    byId('kept').textContent = kept > 0 ? `the newest ${count(kept)} are kept` : '';
    if (records.length === 0) {
      byId('rows').replaceChildren(element('p', { class: 'nothing' }, kept > 0 ? 'None of the records that are kept.' : 'No records yet.'));
      return;
    }
    const more = () => { this.#limit = Math.min(500, this.#limit + 100); this.load(); };
    const heads = ['Enqueued', 'Partition', 'Twin', 'What', 'Record'].map((head) => element('th', { scope: 'col' }, head));
    const table = element('table', {}, element('thead', {}, element('tr', {}, ...heads)), element('tbody', {}, ...records.map((record) => this.#row(record))));
    const button = records.length === this.#limit && this.#limit < 500 ? element('button', { type: 'button', class: 'more', onclick: more }, 'Show more') : '';
    const focused = document.activeElement?.dataset?.record;
    byId('rows').replaceChildren(table, button);
    if (focused) byId('rows').querySelector(`[data-record="${focused}"]`)?.focus();
  }

  #row(record) {
    const text = element('button', {
      type: 'button', class: 'plain text', 'data-record': record.number, 'aria-expanded': String(this.#open.has(record.number)),
      onclick: () => {
        if (!this.#open.delete(record.number)) this.#open.add(record.number);
        text.setAttribute('aria-expanded', String(this.#open.has(record.number)));
      },
    }, record.text);
    return element('tr', {},
      element('td', {}, when(record.enqueued)),
      element('td', {}, `${record.partition} · ${record.sequenceNumber}`),
      element('td', {}, record.twin ?? '', record.remark ? element('span', { class: 'remark' }, record.remark) : null),
      element('td', { class: 'what' }, what(record.text)),
      element('td', {}, text));
  }
}
