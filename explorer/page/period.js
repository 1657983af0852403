// A window by its ends, typed in as times of the zone that is chosen.

import { byId } from './element.js';
import { when } from './text.js';
import { view } from './view.js';

const written = (milliseconds) => when(milliseconds).slice(0, 19).replace(' ', 'T');

const read = (text) => Date.parse(view.zone === 'utc' ? `${text}Z` : text);

export class Period {
  constructor(lanes) {
    const [from, to] = [byId('period-from'), byId('period-to')];
    byId('period').addEventListener('click', () => {
      const span = lanes.span;
      from.value = written(span.from);
      to.value = written(span.to);
      this.#check(from, to);
      byId('period-zone').textContent = view.zone === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone;
      byId('period-dialog').showModal();
    });
    for (const end of [from, to]) end.addEventListener('input', () => this.#check(from, to));
    byId('period-close').addEventListener('click', () => byId('period-dialog').close());
    byId('period-show').addEventListener('click', () => {
      byId('period-dialog').close();
      view.zoomTo(read(from.value), read(to.value));
    });
  }

  #check(from, to) {
    byId('period-show').disabled = !(read(to.value) > read(from.value));
  }
}
