// Numbers, times and values as people read them.

import { view } from './view.js';

/** What uPlot labels its axis by. */
export const zoned = (milliseconds) => {
  const date = new Date(milliseconds);
  return view.zone === 'utc' ? uPlot.tzDate(date, 'Etc/UTC') : date;
};

const pad = (number, digits = 2) => String(number).padStart(digits, '0');

/** Date and time to the millisecond, in the zone that is chosen. */
export const when = (milliseconds) => {
  const date = zoned(milliseconds);
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  const thousandths = pad(Math.floor(((milliseconds % 1000) + 1000) % 1000), 3);
  return `${day} ${clock(milliseconds)}.${thousandths}`;
};

/** Time of day to the second. */
const clock = (milliseconds) => {
  const date = zoned(milliseconds);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
};

/** Labels for times on an axis that are `step` milliseconds apart; the day where it begins. */
export const axisTimes = (times, step) => {
  let day = '';
  return times.map((time) => {
    const [date, second] = when(time).split(' ');
    const label = step < 1_000 ? second : second.slice(0, step < 60_000 ? 8 : 5);
    const named = date === day ? '' : `\n${date}`;
    day = date;
    return step >= 86_400_000 ? date : label + named;
  });
};

/** The time of a point as it was received: the note has it, or it is written with seven digits. */
export const exactTime = (curve, place) => {
  const noted = curve.notes?.[place]?.time;
  if (noted) return noted;
  const tenths = Math.round(curve.t[place] * 10_000);
  const whole = Math.floor(tenths / 10_000);
  const seconds = new Date(curve.base - curve.shift + whole).toISOString().slice(0, -1);
  return `${seconds}${pad(tenths - whole * 10_000, 4)}Z`;
};

/** The value of a point as it was received. */
export const exactValue = (curve, place) => plain(curve.v[place], curve.notes?.[place]?.value);

/** A value as text; `received` is how a number was written, where that can't be told from it. */
export const plain = (value, received) => {
  if (value === null || value === undefined) return 'removed';
  if (received) return received;
  return typeof value === 'string' ? value : JSON.stringify(value);
};

/** A number in few characters. */
export const short = (number) => {
  if (number === null || number === undefined) return '';
  const size = Math.abs(number);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return number.toExponential(2);
  return new Intl.NumberFormat('en', { maximumSignificantDigits: 6, useGrouping: size >= 10_000 }).format(number);
};

export const count = (number) => new Intl.NumberFormat('en').format(number);

export const duration = (milliseconds) => {
  const units = [[86_400_000, 'd'], [3_600_000, 'h'], [60_000, 'min'], [1_000, 's']];
  const [length, unit] = units.find(([length]) => milliseconds >= length) ?? [1, 'ms'];
  return `${short(milliseconds / length)} ${unit}`;
};

/** Text that is cut where it would be longer than so many characters. */
export const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** What happened to a twin or a relationship as a whole. */
export const milestoneText = ({ twin, relationship, ends }) => {
  const what = relationship ? `${twin} → ${relationship.target} (${relationship.name || relationship.id})` : twin;
  return `${what} ${ends ? 'deleted' : 'created'}`;
};
