// How things stand, in words: whether new records come, what is wrong, how far there is to go, what was dropped.

import { byId, element } from './element.js';
import { count, when } from './text.js';
import { view } from './view.js';

/** So many events behind, a partition is being caught up with rather than followed. */
const BEHIND = 1_000;

const behindOf = ({ partitions = [] }) => partitions.reduce((sum, { behind }) => sum + (behind ?? 0), 0);

const stateOf = (overview, reachable) => {
  if (!reachable) return ['lost', 'Explorer not reachable; trying again'];
  if (!overview || overview.connection === 'opening') return ['opening', 'Connecting …'];
  if (overview.connection === 'lost') return ['lost', 'Event hub not reachable; trying again'];
  const behind = behindOf(overview);
  if (behind > BEHIND) return ['opening', `Catching up, ${count(behind)} events to go`];
  return view.live ? ['live', 'Live'] : ['paused', 'Paused'];
};

const countersOf = ({ records, points, series, twins, repeats, unreadable, leftOut }) => {
  const odd = [[repeats, 'repeats'], [unreadable, 'unreadable'], [leftOut, 'left out']].filter(([number]) => number > 0);
  return [[records, 'records'], [twins, 'twins'], [series, 'series'], [points, 'points'], ...odd]
    .map(([number, what]) => `${count(number)} ${what}`).join('  ·  ');
};

/** Sentences for whoever wonders why something is not there. */
const noticesOf = ({ connection, reason, partitions = [], dropped, droppedUntil }) => {
  const notices = connection === 'lost' && reason ? [reason] : [];
  for (const { id, problem } of partitions) if (problem && problem !== reason) notices.push(`Partition ${id}: ${problem}`);
  if (dropped > 0) {
    const until = droppedUntil === undefined ? '' : ` up to ${when(droppedUntil).slice(0, 19)}`;
    notices.push(`There is no room for more: the oldest ${count(dropped)} points${until} were dropped.`);
  }
  return [...new Set(notices)];
};

/** Shows the newest overview; `reachable` is whether the explorer can be asked. */
export const showStatus = (overview, reachable) => {
  const [state, text] = stateOf(overview, reachable);
  const status = byId('status');
  // What changes all the time is not to be read aloud each time.
  if (status.textContent !== text) status.textContent = text;
  status.dataset.state = state;
  if (!overview) return;
  byId('counters').textContent = countersOf(overview);
  byId('counters').title = (overview.partitions ?? []).map(({ id, behind }) => `partition ${id}: ${behind === null ? 'not known how far' : `${count(behind)} events`} behind`).join('\n');
  const notices = reachable ? noticesOf(overview) : [];
  const shown = [...byId('notices').children].map(({ textContent }) => textContent);
  if (notices.join('\n') !== shown.join('\n')) byId('notices').replaceChildren(...notices.map((notice) => element('p', {}, notice)));
  byId('notices').hidden = notices.length === 0;
};
