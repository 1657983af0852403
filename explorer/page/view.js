// What is shown: the chosen series, the range of time, how it is drawn. All of it is in the address, so that a reload or
// a link shows the same.

export const RANGES = { '5m': ['5 min', 300_000], '15m': ['15 min', 900_000], '1h': ['1 h', 3_600_000], all: ['All', Infinity] };
export const INTERVALS = { auto: 'Auto', raw: 'Raw', '1s': '1 s', '10s': '10 s', '1m': '1 min' };
export const LAYOUTS = { stacked: 'Stacked', overlap: 'Overlap' };

/** Up to this many, a chart can still be read. */
const MOST = 24;

/** How far the newest data reaches into the past before its window is as wide as the range. */
const NARROWEST = 20_000;

export const nameOf = ({ twin, key }) => `${encodeURIComponent(twin)}/${encodeURIComponent(key)}`;

class View extends EventTarget {
  series = [];
  /** Whether somebody chose the series, rather than the explorer. */
  chosen = false;
  range = '5m';
  /** What was zoomed to, in milliseconds since 1970. */
  zoom = null;
  interval = 'auto';
  layout = 'stacked';
  live = true;

  /** Takes over what the address says. */
  read() {
    const address = new URLSearchParams(location.hash.slice(1));
    const or = (name, known, fallback) => (Object.hasOwn(known, address.get(name) ?? '') ? address.get(name) : fallback);
    this.range = or('range', RANGES, '5m');
    this.interval = or('interval', INTERVALS, 'auto');
    this.layout = or('layout', LAYOUTS, 'stacked');
    this.chosen = address.has('s');
    this.series = [];
    const named = address.getAll('s').map((text) => text.split('/').map(decodeURIComponent));
    for (const [twin, key] of named) if (twin && key) this.#add({ twin, key });
    const [from, to] = [Number(address.get('from')), Number(address.get('to'))];
    this.zoom = to > from && from > 0 ? { from, to } : null;
    this.live = !this.zoom;
  }

  change(what) {
    Object.assign(this, what);
    this.#tell();
  }

  has(series) {
    return this.series.some((other) => other.twin === series.twin && other.key === series.key);
  }

  /** The one that is in the view, with its slot. */
  find({ twin, key }) {
    return this.series.find((other) => other.twin === twin && other.key === key);
  }

  toggle(series, on) {
    if (on === this.has(series)) return;
    this.chosen = true;
    if (on) this.#add(series);
    else this.series = this.series.filter((other) => other !== this.find(series));
    this.#tell();
  }

  /** Shows something while nothing is chosen; more of the same twin as it becomes known. */
  suggest(suggestion) {
    const same = this.series.every((series) => suggestion.some(({ twin, key }) => series.twin === twin && series.key === key));
    if (this.chosen || !same || suggestion.length === this.series.length) return;
    for (const series of suggestion) if (!this.has(series)) this.#add(series);
    this.#tell();
  }

  zoomTo(from, to) {
    if (to - from < 1) return;
    this.change({ zoom: { from, to }, live: false });
  }

  reset() {
    this.change({ zoom: null, live: true });
  }

  /** The window for what there is: up to the newest point, as wide as the range, or as the data where that is younger. */
  window({ first, last }) {
    if (this.zoom) return this.zoom;
    if (last === null) return null;
    const [, span] = RANGES[this.range];
    const from = Math.max(last - span, Math.min(first, last - NARROWEST));
    return { from, to: last + Math.max(1, (last - from) * 0.005) };
  }

  // A slot is a colour; it stays with the series.
  #add({ twin, key }) {
    if (this.series.length >= MOST) return;
    const taken = new Set(this.series.map((series) => series.slot));
    let slot = 0;
    while (taken.has(slot)) slot += 1;
    this.series = [...this.series, { twin, key, slot }];
  }

  #tell() {
    const address = new URLSearchParams();
    if (this.chosen && this.series.length === 0) address.append('s', '');
    if (this.range !== '5m') address.set('range', this.range);
    if (this.interval !== 'auto') address.set('interval', this.interval);
    if (this.layout !== 'stacked') address.set('layout', this.layout);
    if (this.zoom) for (const end of ['from', 'to']) address.set(end, this.zoom[end]);
    const series = this.chosen ? this.series.map((one) => `s=${nameOf(one)}`) : [];
    const hash = [...series, address.toString()].filter(Boolean).join('&');
    history.replaceState(null, '', hash ? `#${hash}` : location.pathname);
    this.dispatchEvent(new Event('change'));
  }
}

export const view = new View();
