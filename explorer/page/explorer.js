// The page: hears from the explorer that something has changed, asks for what is in view, and has it drawn.

import { DAY, prepared } from './curve.js';
import { get, listen } from './data.js';
import { byId, element } from './element.js';
import { Gestures } from './gestures.js';
import { Lanes } from './lanes.js';
import { Panel } from './panel.js';
import { Period } from './period.js';
import { Records } from './records.js';
import { showStatus } from './status.js';
import { watchTheme } from './theme.js';
import { Toolbar } from './toolbar.js';
import { Tree } from './tree.js';
import { Values } from './values.js';
import { nameOf, view } from './view.js';

view.read();
const lanes = new Lanes();
const toolbar = new Toolbar(lanes);
const tree = new Tree();
const records = new Records();
const values = new Values(lanes);
new Gestures(lanes);
new Period(lanes);
new Panel({ records: () => records.load(), values: () => values.load() });

const NO_LIFECYCLE = { milestones: [], total: 0 };

/** The newest overview, and whether the explorer can be reached. */
let overview = null;
let reachable = true;

let drawing = false;
let again = false;

/** The chosen series over a span, as they are drawn; `shift` is how much earlier they are asked for. */
const curves = async (span, shift) => {
  const { measure, shape } = view;
  const interval = measure === 'count' && view.interval === 'auto' ? 'fit' : view.interval;
  const parameters = view.series.map((series) => ['series', nameOf(series)]);
  parameters.push(['from', span.from - shift], ['to', span.to - shift], ['width', Math.round(lanes.width)], ['interval', interval]);
  const { series } = await get('api/series', parameters);
  return series.map((curve) => prepared(curve, { measure, shape, shift, until: overview.now }));
};

const lifecycle = (span) => {
  const twins = new Set(view.series.map(({ twin }) => twin));
  return get('api/lifecycle', [...[...twins].map((twin) => ['twin', twin]), ['from', span.from], ['to', span.to]]);
};

// One request at a time; whatever changes meanwhile is in the next.
const draw = async () => {
  if (drawing) { again = true; return; }
  const span = overview && view.window(overview);
  showEmpty(span);
  toolbar.show(span);
  if (!span || view.series.length === 0) { lanes.draw([], NO_LIFECYCLE, span ?? { from: 0, to: 1 }); return; }
  drawing = true;
  const { zoom, zone, layout } = view;
  try {
    const [today, before, marks] = await Promise.all([curves(span, 0), view.yesterday ? curves(span, DAY) : [], lifecycle(span)]);
    // Whoever has paused or zoomed meanwhile does not want to see the charts move on.
    if (view.zoom === zoom && view.zone === zone && view.layout === layout) lanes.draw([...today, ...before], marks, span);
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
      ? ['Nothing chosen', 'Choose one or more keys of a twin in the list of twins.']
      : ['No values yet', 'Twins are known, but none of their properties has changed.'];
  }
  return [];
};

/** What charts are made with; with another they are made anew. */
const madeWith = () => `${view.zone} ${view.layout}`;
let made = madeWith();

const changed = () => {
  showStatus(overview, reachable);
  if (made !== madeWith()) {
    made = madeWith();
    lanes.rebuild();
    records.load();
  }
  draw();
};

// Where there is little room, some of it is asked for.
for (const [id, shown] of [['twins', 'choosing'], ['more', 'choosing-options']]) {
  byId(id).addEventListener('click', () => {
    byId(id).setAttribute('aria-expanded', String(document.body.classList.toggle(shown)));
  });
}
byId('skip').addEventListener('click', () => byId('charts').focus());
view.addEventListener('change', changed);
addEventListener('hashchange', () => { view.read(); tree.mark(); changed(); });
watchTheme(() => { lanes.rebuild(); tree.mark(); });
draw();

listen((heard) => {
  const first = overview === null;
  overview = heard;
  reachable = true;
  view.suggest(overview.suggestion);
  showStatus(overview, reachable);
  tree.notice(overview);
  if (view.live || first) draw();
  if (view.live || first) records.refresh();
}, () => {
  reachable = false;
  showStatus(overview, reachable);
});
