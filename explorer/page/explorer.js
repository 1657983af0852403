// The page: hears from the explorer that something has changed, asks for what is in view, and has it drawn.

import { get, listen } from './data.js';
import { byId, element } from './element.js';
import { Lanes } from './lanes.js';
import { Records } from './records.js';
import { count, setZone, zone } from './text.js';
import { watchTheme } from './theme.js';
import { Tree } from './tree.js';
import { INTERVALS, LAYOUTS, RANGES, nameOf, view } from './view.js';

view.read();
const lanes = new Lanes();
const tree = new Tree();
const records = new Records();

/** The newest overview, and whether the explorer can be reached. */
let overview = null;
let reachable = true;

let drawing = false;
let again = false;

// One request at a time; whatever changes meanwhile is in the next.
const draw = async () => {
  if (drawing) { again = true; return; }
  const span = overview && view.window(overview);
  showEmpty(span);
  downloads(span);
  if (!span || view.series.length === 0) { lanes.draw([], span ?? { from: 0, to: 1 }); return; }
  drawing = true;
  const { zoom } = view;
  const parameters = view.series.map((series) => ['series', nameOf(series)]);
  parameters.push(['from', span.from], ['to', span.to], ['width', Math.round(lanes.width)], ['interval', view.interval]);
  try {
    const answer = await get('api/series', parameters);
    // Whoever has paused or zoomed meanwhile does not want to see the charts move on.
    if (view.zoom === zoom) lanes.draw(answer.series, span);
  } catch {
    // Whether the explorer can be reached is known from elsewhere, and the next overview draws again.
  } finally {
    drawing = false;
  }
  if (again) { again = false; draw(); }
};

const showEmpty = (span) => {
  const [title, text] = emptiness(span);
  byId('empty').hidden = !title;
  if (title) byId('empty').replaceChildren(element('strong', {}, title), element('p', {}, text));
};

const emptiness = (span) => {
  if (!overview) return ['Connecting …', ''];
  if (!span) return ['No records yet', 'As soon as twins change, their records arrive in the event hub, and their curves appear here.'];
  if (view.series.length === 0) {
    return view.chosen || overview.series > 0
      ? ['Nothing chosen', 'Choose one or more keys of a twin on the left.']
      : ['No values yet', 'Twins are known, but none of their properties has changed.'];
  }
  return [];
};

const downloads = (span) => {
  const parameters = view.series.map((series) => ['series', nameOf(series)]);
  if (span) parameters.push(['from', span.from], ['to', span.to]);
  for (const format of ['csv', 'ndjson']) {
    const some = view.series.length > 0 && span;
    byId(format).setAttribute('aria-disabled', String(!some));
    byId(format).href = `api/export?${new URLSearchParams([...parameters, ['format', format]])}`;
  }
};

const showStatus = () => {
  const [state, text, why] = (() => {
    if (!reachable) return ['lost', 'Explorer not reachable; trying again'];
    if (!overview || overview.connection === 'opening') return ['opening', 'Connecting …'];
    if (overview.connection === 'lost') return ['lost', 'Event hub not reachable; trying again', overview.reason];
    return view.live ? ['live', 'Live'] : ['paused', 'Paused'];
  })();
  const status = byId('status');
  if (status.textContent !== text) status.textContent = text;
  status.dataset.state = state;
  status.title = why ?? '';
  if (!overview) return;
  const { records, points, series, twins, repeats, unreadable, leftOut } = overview;
  const odd = [[repeats, 'repeats'], [unreadable, 'unreadable'], [leftOut, 'left out']].filter(([number]) => number > 0);
  byId('counters').textContent = [[records, 'records'], [twins, 'twins'], [series, 'series'], [points, 'points'], ...odd]
    .map(([number, what]) => `${count(number)} ${what}`).join('  ·  ');
};

const showTools = () => {
  for (const button of byId('range').children) {
    button.setAttribute('aria-pressed', String(!view.zoom && button.dataset.range === view.range));
  }
  byId('reset').hidden = !view.zoom;
  byId('live').textContent = view.live ? 'Pause' : 'Live';
  byId('live').setAttribute('aria-pressed', String(view.live));
  byId('interval').value = view.interval;
  byId('layout').value = view.layout;
  byId('zone').value = zone();
};

const options = (id, choices, chosen) => {
  byId(id).append(...Object.entries(choices).map(([value, text]) => element('option', { value }, text)));
  byId(id).addEventListener('change', () => chosen(byId(id).value));
};

byId('range').append(...Object.entries(RANGES).map(([range, [text]]) => element('button', {
  type: 'button', 'data-range': range, onclick: () => view.change({ range, zoom: null, live: true }),
}, text)));
options('interval', INTERVALS, (interval) => view.change({ interval }));
options('layout', LAYOUTS, (layout) => view.change({ layout }));
options('zone', { local: 'Local', utc: 'UTC' }, (chosen) => { setZone(chosen); lanes.rebuild(); records.load(); });
byId('reset').addEventListener('click', () => view.reset());
byId('live').addEventListener('click', () => {
  if (!view.live) { view.reset(); return; }
  // What is shown stays as it is.
  const span = lanes.span;
  view.change({ live: false, zoom: overview?.last ? span : null });
});

view.addEventListener('change', () => { showTools(); showStatus(); draw(); });
addEventListener('hashchange', () => { view.read(); showTools(); showStatus(); tree.mark(); draw(); });
watchTheme(() => { lanes.rebuild(); tree.mark(); });
showTools();
draw();

listen((heard) => {
  const first = overview === null;
  overview = heard;
  reachable = true;
  view.suggest(overview.suggestion);
  showStatus();
  tree.notice(overview);
  if (view.live || first) draw();
  if (view.live || first) records.refresh();
}, () => {
  reachable = false;
  showStatus();
});
