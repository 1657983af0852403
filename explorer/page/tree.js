// The twins, each under the twins that have a relationship to it or under its model, with their keys to choose from. Only
// what is unfolded is asked for, a hundred at a time, so that it does not matter how many there are.

import { get } from './data.js';
import { byId, element, swatch } from './element.js';
import { count } from './text.js';
import { colour } from './theme.js';
import { nameOf, view } from './view.js';

const PAGE = 100;

/** While there are no more rows than this, twins are unfolded at once. */
const ROOM = 60;

const SOON = 1_500;

const ARRANGEMENTS = { hierarchy: 'Hierarchy', models: 'Models' };

/** A model's name without its path; all of it is in the tooltip. */
const lastPart = (model) => model.slice(model.lastIndexOf(':') + 1);

export class Tree {
  #shape = null;
  #due = null;
  /** Paths that somebody folded or unfolded. */
  #folded = new Map();
  #limits = new Map();
  #rows = 0;
  #turn = 0;
  #arrangement = 'hierarchy';

  constructor() {
    let typing;
    byId('search').addEventListener('input', () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.load(), 150);
    });
    byId('arrange').append(...Object.entries(ARRANGEMENTS).map(([arrangement, text]) => element('button', {
      type: 'button', 'data-arrangement': arrangement, onclick: () => { this.#arrangement = arrangement; this.load(); },
    }, text)));
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
    for (const button of byId('arrange').children) {
      button.setAttribute('aria-pressed', String(button.dataset.arrangement === this.#arrangement));
    }
    byId('arrange').hidden = search !== '';
    let list;
    try {
      if (search) list = await this.#branch({ search }, [], true);
      else list = await (this.#arrangement === 'models' ? this.#models() : this.#branch({}, [], false));
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
    const nothing = search ? `No twin, model or key has “${search}” in its name.` : 'No twins yet.';
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

  async #models() {
    const { models } = await get('api/models', {});
    if (models.length === 0) return null;
    this.#rows += models.length;
    const names = models.map(({ id }) => lastPart(id));
    const items = [];
    for (const [place, { id, twins }] of models.entries()) {
      const isOnly = names.filter((name) => name === names[place]).length === 1;
      const name = id === '' ? 'Model not known' : isOnly ? names[place] : id;
      // Not the path of a twin, whose parts are ids.
      const focus = JSON.stringify({ model: id });
      const open = this.#folded.get(focus) ?? this.#rows + twins <= ROOM;
      const row = element('div', { class: 'twin', title: id },
        this.#fold(focus, open, `${name}: twins of this model`),
        element('span', { class: 'name model' }, name),
        element('span', { class: 'note' }, count(twins)));
      items.push(element('li', {}, row, open ? await this.#branch({ model: id }, [], true) : null));
    }
    return element('ul', {}, ...items);
  }

  #fold(focus, open, label) {
    const fold = () => { this.#folded.set(focus, !open); this.load(); };
    return element('button', { type: 'button', class: 'fold', 'aria-expanded': String(open), 'aria-label': label, 'data-focus': focus, onclick: fold });
  }

  /** `alone` is whether twins stand there without those below them. */
  async #branch(which, path, alone) {
    const place = JSON.stringify([which, path]);
    const limit = this.#limits.get(place) ?? PAGE;
    const { twins, total } = await get('api/twins', { ...which, limit });
    if (twins.length === 0) return null;
    this.#rows += twins.length;
    const items = [];
    for (const twin of twins) items.push(await this.#twin(twin, path, alone));
    if (total > twins.length) {
      const more = () => { this.#limits.set(place, Math.min(500, limit + PAGE)); this.load(); };
      const rest = limit >= 500 ? `${total - twins.length} more; search for them` : `Show more of ${total}`;
      items.push(element('li', {}, element('button', { type: 'button', class: 'more', disabled: limit >= 500 && '', onclick: more }, rest)));
    }
    return element('ul', {}, ...items);
  }

  async #twin(twin, above, alone) {
    const path = [...above, twin.id];
    const focus = JSON.stringify(path);
    // A circle of relationships would never end.
    const children = above.includes(twin.id) || alone ? 0 : twin.children;
    const foldable = children > 0 || twin.keys.length > 0;
    const open = foldable && (this.#folded.get(focus) ?? this.#rows + twin.keys.length + children <= ROOM);
    const row = element('div', { class: twin.ended ? 'twin ended' : 'twin', title: [twin.model, twin.relationship].filter(Boolean).join('\n') },
      foldable
        ? this.#fold(focus, open, `${twin.id}: keys and twins below`)
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
      type: 'checkbox', 'aria-label': `${key} of ${twin}`, 'data-twin': twin, 'data-key': key, 'data-focus': JSON.stringify([...path, nameOf({ twin, key })]),
      onchange: () => { view.toggle({ twin, key }, box.checked); this.mark(); },
    });
    return element('label', {}, box, element('span', {}, key));
  }
}
