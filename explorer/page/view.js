// What is shown: the chosen series, the range of time, how it is drawn. All of it is in the address, so that a reload or
// a link shows the same.

export const RANGES = {
  '5m': ['5 min', 300_000], '15m': ['15 min', 900_000], '1h': ['1 h', 3_600_000], '24h': ['24 h', 86_400_000],
  '7d': ['7 d', 604_800_000], all: ['All', Infinity],
};
export const INTERVALS = {
  auto: 'Auto', raw: 'Raw', '1s': '1 s', '10s': '10 s', '1m': '1 min', '10m': '10 min', '1h': '1 h', '1d': '1 d',
};
export const MEASURES = { avg: 'Average', min: 'Minimum', max: 'Maximum', count: 'Count', last: 'Last' };
/** How the values of a curve are joined. What is measured has slopes, what is set has steps; auto goes by the values. */
export const SHAPES = { auto: 'Auto', steps: 'Steps', slopes: 'Slopes' };
export const LAYOUTS = { stacked: 'Stacked', overlap: 'Own axes', shared: 'One axis' };
export const ZONES = { local: 'Local', utc: 'UTC' };

/** Up to this many, a chart can still be read. */
const MOST = 24;

/** How far the newest data reaches into the past before its window is as wide as the range. */
const NARROWEST = 20_000;

/** Where the zone is remembered for addresses that name none. */
const ZONE = 'zone';

export const nameOf = ({ twin, key }) => `${encodeURIComponent(twin)}/${encodeURIComponent(key)}`;

/** What is drawn unless the address says otherwise. */
const usual = () => ({
  range: '5m', interval: 'auto', measure: 'avg', shape: 'auto', layout: 'stacked', zone: localStorage.getItem(ZONE) === 'utc' ? 'utc' : 'local',
});

const CHOICES = { range: RANGES, interval: INTERVALS, measure: MEASURES, shape: SHAPES, layout: LAYOUTS, zone: ZONES };

class View extends EventTarget {
  series = [];
  /** Whether somebody chose the series, rather than the explorer. */
  chosen = false;
  range = '5m';
  /** What was zoomed to, in milliseconds since 1970. */
  zoom = null;
  interval = 'auto';
  measure = 'avg';
  shape = 'auto';
  layout = 'stacked';
  zone = 'local';
  /** Whether the same hours of the day before are drawn too. */
  yesterday = false;
  live = true;

  /** Takes over what the address says. */
  read() {
    const address = new URLSearchParams(location.hash.slice(1));
    const fallback = usual();
    for (const [name, known] of Object.entries(CHOICES)) {
      const said = address.get(name) ?? '';
      this[name] = Object.hasOwn(known, said) ? said : fallback[name];
    }
    this.yesterday = address.has('yesterday');
    this.chosen = address.has('s');
    this.series = [];
    for (const named of address.getAll('s')) this.#add(named);
    const [from, to] = [Number(address.get('from')), Number(address.get('to'))];
    this.zoom = to > from && from > 0 ? { from, to } : null;
    this.live = !this.zoom;
  }

  change(what) {
    Object.assign(this, what);
    if (what.zone) localStorage.setItem(ZONE, what.zone);
    this.#tell();
  }

  has(series) {
    return this.find(series) !== undefined;
  }

  /** The one that is in the view, with its slot. */
  find({ twin, key }) {
    return this.series.find((other) => other.twin === twin && other.key === key);
  }

  toggle(series, on) {
    if (on === this.has(series)) return;
    this.chosen = true;
    if (on) this.#take(series);
    else this.series = this.series.filter((other) => other !== this.find(series));
    this.#tell();
  }

  /** Shows something while nothing is chosen; more of the same twin as it becomes known. */
  suggest(suggestion) {
    const same = this.series.every((series) => suggestion.some(({ twin, key }) => series.twin === twin && series.key === key));
    if (this.chosen || !same || suggestion.length === this.series.length) return;
    for (const series of suggestion) if (!this.has(series)) this.#take(series);
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

  #add(named) {
    try {
      const [twin, key] = named.split('/').map(decodeURIComponent);
      if (twin && key) this.#take({ twin, key });
    } catch {
      // An address that somebody cut short names what it still names.
    }
  }

  // A slot is a colour; it stays with the series.
  #take({ twin, key }) {
    if (this.series.length >= MOST || this.has({ twin, key })) return;
    const taken = new Set(this.series.map((series) => series.slot));
    let slot = 0;
    while (taken.has(slot)) slot += 1;
    this.series = [...this.series, { twin, key, slot }];
  }

  #tell() {
    const address = new URLSearchParams();
    if (this.chosen && this.series.length === 0) address.append('s', '');
    // Whoever opens the link may prefer another zone, so that UTC is always said.
    const fallback = { ...usual(), zone: 'local' };
    for (const name of Object.keys(CHOICES)) if (this[name] !== fallback[name]) address.set(name, this[name]);
    if (this.yesterday) address.set('yesterday', '');
    if (this.zoom) for (const end of ['from', 'to']) address.set(end, this.zoom[end]);
    const series = this.chosen ? this.series.map((one) => `s=${encodeURIComponent(nameOf(one)).replaceAll('%2F', '/')}`) : [];
    const hash = [...series, address.toString()].filter(Boolean).join('&');
    history.replaceState(null, '', hash ? `#${hash}` : location.pathname);
    this.dispatchEvent(new Event('change'));
  }
}

export const view = new View();
