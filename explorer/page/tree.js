// The twins, each under the twins that have a relationship to it, with their keys to choose from. Only what is unfolded is
// asked for, a hundred at a time, so that it does not matter how many there are.

import { get } from './data.js';
import { byId, element, swatch } from './element.js';
import { colour } from './theme.js';
import { nameOf, view } from './view.js';

const PAGE = 100;

/** While there are no more rows than this, twins are unfolded at once. */
const ROOM = 60;

const SOON = 1_500;

export class Tree {
  #shape = null;
  #due = null;
  /** Paths that somebody folded or unfolded. */
  #folded = new Map();
  #limits = new Map();
  #rows = 0;
  #turn = 0;

  constructor() {
    let typing;
    byId('search').addEventListener('input', () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.load(), 150);
    });
    view.addEventListener('change', () => this.mark());
  }

  /** Loads again if the twins or their keys have changed. */
  notice({ shape }) {
    if (shape === this.#shape) return;
    const first = this.#shape === null;
    this.#shape = shape;
    if (first) this.load();
    else this.#due ??= setTimeout(() => this.load(), SOON);
  }

  async load() {
    clearTimeout(this.#due);
    this.#due = null;
    this.#turn += 1;
    const turn = this.#turn;
    const search = byId('search').value.trim();
    this.#rows = 0;
    let list;
    try {
      list = await this.#branch(search ? { search } : {}, [], search !== '');
    } catch {
      // The state of the connection is told elsewhere, and the next change asks again.
      this.#shape = null;
      return;
    }
    // Somebody may have typed on meanwhile.
    if (turn !== this.#turn) return;
    const tree = byId('tree');
    const focused = document.activeElement?.dataset?.focus;
    const top = tree.scrollTop;
    const nothing = search ? `No twin or key has “${search}” in its name.` : 'No twins yet.';
    tree.replaceChildren(list ?? element('p', { class: 'nothing' }, nothing));
    tree.scrollTop = top;
    if (focused) tree.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
    this.mark();
  }

  /** Ticks what is chosen. */
  mark() {
    for (const box of byId('tree').querySelectorAll('input[data-twin]')) {
      const chosen = view.find({ twin: box.dataset.twin, key: box.dataset.key });
      box.checked = chosen !== undefined;
      box.parentElement.querySelector('.swatch')?.remove();
      if (chosen) box.parentElement.append(swatch(colour(chosen.slot)));
    }
  }

  async #branch(which, path, search) {
    const place = JSON.stringify([which, path]);
    const limit = this.#limits.get(place) ?? PAGE;
    const { twins, total } = await get('api/twins', { ...which, limit });
    if (twins.length === 0) return null;
    this.#rows += twins.length;
    const items = [];
    for (const twin of twins) items.push(await this.#twin(twin, path, search));
    if (total > twins.length) {
      const more = () => { this.#limits.set(place, Math.min(500, limit + PAGE)); this.load(); };
      const rest = limit >= 500 ? `${total - twins.length} more; search for them` : `Show more of ${total}`;
      items.push(element('li', {}, element('button', { type: 'button', class: 'more', disabled: limit >= 500 && '', onclick: more }, rest)));
    }
    return element('ul', {}, ...items);
  }

  async #twin(twin, above, search) {
    const path = [...above, twin.id];
    const focus = JSON.stringify(path);
    // A circle of relationships would never end.
    const children = above.includes(twin.id) || search ? 0 : twin.children;
    const foldable = children > 0 || twin.keys.length > 0;
    const open = foldable && (this.#folded.get(focus) ?? this.#rows + twin.keys.length + children <= ROOM);
    const fold = () => { this.#folded.set(focus, !open); this.load(); };
    const row = element('div', { class: twin.ended ? 'twin ended' : 'twin', title: [twin.model, twin.relationship].filter(Boolean).join('\n') },
      foldable
        ? element('button', { type: 'button', class: 'fold', 'aria-expanded': String(open), 'aria-label': `${twin.id}: keys and twins below`, 'data-focus': focus, onclick: fold })
        : element('span', { class: 'leaf' }),
      element('span', { class: 'name' }, twin.id),
      twin.ended ? element('span', { class: 'note' }, 'deleted') : null,
      !open && children > 0 ? element('span', { class: 'note' }, String(children)) : null);
    if (!open) return element('li', {}, row);
    this.#rows += twin.keys.length;
    const keys = element('ul', { class: 'keys' }, ...twin.keys.map(({ key }) => element('li', {}, this.#key(twin.id, key, path))));
    const below = children > 0 ? await this.#branch({ under: twin.id }, path, false) : null;
    return element('li', {}, row, twin.keys.length > 0 ? keys : null, below);
  }

  #key(twin, key, path) {
    const box = element('input', {
      type: 'checkbox', 'data-twin': twin, 'data-key': key, 'data-focus': JSON.stringify([...path, nameOf({ twin, key })]),
      onchange: () => { view.toggle({ twin, key }, box.checked); this.mark(); },
    });
    return element('label', {}, box, element('span', {}, key));
  }
}
