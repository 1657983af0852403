// The panel below the charts: two tables, one of which is shown, or none.

import { byId } from './element.js';

const TABS = ['records', 'values'];

/** From how many pixels on the screen has room for a table beside the charts. */
const ROOM = 860;

export class Panel {
  /** `opened` has for each table what fills it. */
  constructor(opened) {
    for (const tab of TABS) {
      const button = byId(`${tab}-tab`);
      button.addEventListener('click', () => {
        const open = button.getAttribute('aria-expanded') !== 'true';
        this.#show(open ? tab : null);
        if (open) opened[tab]();
      });
    }
    // On a low screen the charts need the room more.
    this.#show(innerHeight >= ROOM ? 'records' : null);
  }

  #show(shown) {
    for (const tab of TABS) {
      byId(`${tab}-tab`).setAttribute('aria-expanded', String(tab === shown));
      byId(`${tab}-panel`).hidden = tab !== shown;
    }
    byId('narrow').hidden = shown !== 'records';
  }
}
