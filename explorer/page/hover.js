// What the cursor points at: the exact values of the curves of one lane, and their times, or what happened then.

import { isAverage, label, placeAt } from './curve.js';
import { byId, element, swatch } from './element.js';
import { milestonesAt } from './milestones.js';
import { count, exactTime, exactValue, milestoneText, plain, short, when } from './text.js';
import { colour } from './theme.js';
import { MEASURES } from './view.js';

/** Up to how many marks are told of at once. */
const MOST_MARKS = 8;

/** Up to how many characters of a value stay on one line. */
const BRIEF = 24;

const SIGNS = { avg: '⌀', min: 'min', max: 'max', count: 'count', last: 'last' };

/** The value at a place in few characters, for the legend. */
export const briefly = (curve, place) => {
  if (place < 0) return '–';
  if (isAverage(curve)) return short(curve.values[place]);
  return exactValue(curve, place);
};

const ofInterval = (curve, place) => [
  `${short(curve.min[place])} … ${short(curve.max[place])}, ${count(curve.count[place])} values`,
  `${when(curve.base - curve.shift + curve.t[place])} + ${curve.interval / 1000} s`,
];

const ofPoint = (curve, place) => {
  const source = curve.notes?.[place]?.source;
  return [exactTime(curve, place), ...(source ? [`source ${source}`] : [])];
};

/** What there is to say of a lane at a time: names, values and what is exact about them. */
const readings = (lane, time, perPixel) => {
  const curves = lane.curves.map((curve, which) => ({ curve, slot: lane.slots[which], place: placeAt(curve, time, perPixel) }));
  const values = curves.filter(({ place }) => place >= 0).map(({ curve, slot, place }) => ({
    colour: colour(slot),
    name: label(curve, true),
    sign: isAverage(curve) ? `${SIGNS[curve.measure]} ` : '',
    spoken: isAverage(curve) ? `${MEASURES[curve.measure]} ` : '',
    value: briefly(curve, place),
    exact: isAverage(curve) ? ofInterval(curve, place) : ofPoint(curve, place),
  }));
  const marks = milestonesAt(lane.milestones, time, perPixel);
  const told = marks.slice(0, MOST_MARKS).map((mark) => ({ name: milestoneText(mark), value: '', exact: [when(mark.time)] }));
  if (marks.length > MOST_MARKS) told.push({ name: `and ${count(marks.length - MOST_MARKS)} more`, value: '', exact: [] });
  return [...values, ...told];
};

const row = (reading) => element('tr', {},
  element('td', {}, reading.colour ? swatch(reading.colour) : null, reading.name),
  element('td', { class: reading.value.length <= BRIEF ? 'value brief' : 'value' }, `${reading.sign ?? ''}${reading.value}`),
  element('td', { class: 'exact' }, ...reading.exact.flatMap((line, which) => (which ? [element('br'), line] : [line]))));

/** Shows a lane at a time, beside a point of the screen. */
export const show = (lane, time, perPixel, x, y) => {
  const rows = readings(lane, time, perPixel).map(row);
  const box = byId('hover');
  if (rows.length === 0) return hide();
  box.replaceChildren(element('div', { class: 'when' }, when(time)), element('table', {}, element('tbody', {}, ...rows)));
  box.hidden = false;
  const { width, height } = box.getBoundingClientRect();
  const left = x + 18 + width > innerWidth ? x - 18 - width : x + 18;
  box.style.left = `${Math.max(4, Math.min(left, innerWidth - width - 4))}px`;
  box.style.top = `${Math.max(4, Math.min(y + 14, innerHeight - height - 4))}px`;
};

export const hide = () => { byId('hover').hidden = true; };

/** Says what the lanes have at a time, to who can't see it. */
export const speak = (lanes, time, perPixel) => {
  const said = lanes.flatMap((lane) => readings(lane, time, perPixel)).map(({ name, spoken, value }) => `${name} ${spoken ?? ''}${plain(value)}`.trim());
  byId('spoken').textContent = [when(time).slice(0, 19), ...said].join('. ');
};
