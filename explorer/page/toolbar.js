// The tools over the charts: what is drawn and how, and where it can be taken.

import { byId, element } from './element.js';
import { savePicture } from './picture.js';
import { INTERVALS, LAYOUTS, MEASURES, RANGES, SHAPES, ZONES, nameOf, view } from './view.js';

const CHOICES = { interval: INTERVALS, measure: MEASURES, shape: SHAPES, layout: LAYOUTS, zone: ZONES };

/** How much of the window a step to the side is. */
const STEP = 0.5;

export class Toolbar {
  #lanes;

  constructor(lanes) {
    this.#lanes = lanes;
    byId('range').append(...Object.entries(RANGES).map(([range, [text]]) => element('button', {
      type: 'button', 'data-range': range, onclick: () => view.change({ range, zoom: null, live: true }),
    }, text)));
    for (const [name, choices] of Object.entries(CHOICES)) {
      byId(name).append(...Object.entries(choices).map(([value, text]) => element('option', { value }, text)));
      byId(name).addEventListener('change', () => view.change({ [name]: byId(name).value }));
    }
    byId('yesterday').addEventListener('change', () => view.change({ yesterday: byId('yesterday').checked }));
    byId('reset').addEventListener('click', () => view.reset());
    byId('live').addEventListener('click', () => {
      if (!view.live) return view.reset();
      // What is shown stays as it is.
      const span = lanes.span;
      view.change({ live: false, zoom: lanes.lanes.length > 0 ? span : null });
    });
    const moves = { earlier: [-STEP, -STEP], later: [STEP, STEP], closer: [STEP / 2, -STEP / 2], wider: [-STEP, STEP] };
    for (const [id, [from, to]] of Object.entries(moves)) byId(id).addEventListener('click', () => this.#move(from, to));
    byId('png').addEventListener('click', () => savePicture(lanes.lanes, lanes.span));
  }

  #move(from, to) {
    const span = this.#lanes.span;
    const width = span.to - span.from;
    if (this.#lanes.lanes.length > 0) view.zoomTo(span.from + from * width, span.to + to * width);
  }

  /** Shows what the view has, over a span of time if there is one. */
  show(span) {
    for (const button of byId('range').children) {
      button.setAttribute('aria-pressed', String(!view.zoom && button.dataset.range === view.range));
    }
    byId('reset').hidden = !view.zoom;
    byId('live').textContent = view.live ? 'Pause' : 'Live';
    for (const name of Object.keys(CHOICES)) byId(name).value = view[name];
    byId('measure').disabled = view.interval === 'raw';
    byId('yesterday').checked = view.yesterday;
    this.#downloads(span);
  }

  #downloads(span) {
    const parameters = view.series.map((series) => ['series', nameOf(series)]);
    if (span) parameters.push(['from', span.from], ['to', span.to]);
    const some = view.series.length > 0 && span;
    for (const format of ['csv', 'ndjson']) {
      byId(format).setAttribute('aria-disabled', String(!some));
      if (some) byId(format).href = `api/export?${new URLSearchParams([...parameters, ['format', format]])}`;
      else byId(format).removeAttribute('href');
    }
    byId('png').disabled = !some;
  }
}
