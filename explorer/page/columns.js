// Curves as uPlot takes them: one column of times, and a column of numbers for each line. A null breaks a line.

import { hasBand, isAverage, isStep } from './curve.js';

/** Times must differ; those that are the same come this many milliseconds apart. */
const APART = 0.001;

const number = (value) => (typeof value === 'number' ? value : null);

/** The columns of a curve: times, then one column, or three where there is a band. */
const columns = (curve, end) => {
  const sources = hasBand(curve) ? [curve.avg, curve.min, curve.max] : [curve.values];
  const times = [];
  const values = sources.map(() => []);
  const push = (at, row) => {
    times.push(times.length > 0 && at <= times.at(-1) ? times.at(-1) + APART : at);
    values.forEach((column, which) => column.push(row[which]));
  };
  const row = (place) => sources.map((source) => number(source[place]));
  const steps = isStep(curve);
  const breaks = new Set(steps ? [] : curve.breaks);
  const middle = isAverage(curve) && !steps ? curve.interval / 2 : 0;
  curve.t.forEach((time, place) => {
    const at = curve.base + time + middle;
    const now = row(place);
    if (breaks.has(place)) push((times.at(-1) + at) / 2, sources.map(() => null));
    // A value holds until it is removed.
    if (steps && now[0] === null && place > 0 && row(place - 1)[0] !== null) push(at - APART, row(place - 1));
    push(at, now);
  });
  const last = curve.t.length - 1;
  if (steps && last >= 0 && end > times.at(-1)) push(end, row(last));
  return [times, ...values];
};

/** The data of all curves over one column of times. The ends of the window are in it, so that it is never empty. */
export const aligned = (curves, span) => {
  const tables = [[[span.from, span.to]], ...curves.map((curve) => columns(curve, Math.min(span.to, curve.until)))];
  // A break reaches to the next value of its own curve, whatever times the other curves have in between.
  const EXPAND = 2;
  return uPlot.join(tables, tables.map((table) => table.map(() => EXPAND)));
};
