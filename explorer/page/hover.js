// What the cursor points at: the exact values of the curves of one lane, and their times.

import { byId, element, swatch } from './element.js';
import { count, exactTime, exactValue, short, when } from './text.js';
import { colour } from './theme.js';

/** How far from the cursor a point may be, in pixels, to be meant. */
const REACH = 60;

/** The place of the point that a time means: for curves the nearest, for states the one that holds. -1 for none. */
export const placeAt = (curve, time, perPixel) => {
  const { t } = curve;
  const wanted = time - curve.base - (curve.interval ?? 0) / 2;
  let [low, high] = [0, t.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (t[middle] <= wanted) low = middle + 1;
    else high = middle;
  }
  if (curve.kind === 'text') return low - 1;
  const nearest = low > 0 && (low === t.length || wanted - t[low - 1] <= t[low] - wanted) ? low - 1 : low;
  const near = Math.max(REACH * perPixel, curve.interval ?? 0);
  return nearest < t.length && Math.abs(t[nearest] - wanted) <= near ? nearest : -1;
};

/** The value at a place in few characters, for the legend. */
export const briefly = (curve, place) => {
  if (place < 0) return '–';
  if (curve.avg) return short(curve.avg[place]);
  return exactValue(curve, place);
};

const row = (curve, slot, place) => {
  const name = element('td', {}, swatch(colour(slot)), curve.twin, ' · ', curve.key);
  if (curve.avg) {
    const start = curve.base + curve.t[place];
    const range = `${short(curve.min[place])} … ${short(curve.max[place])}, ${count(curve.count[place])} values`;
    return element('tr', {}, name, element('td', { class: 'value' }, `⌀ ${short(curve.avg[place])}`),
      element('td', { class: 'exact' }, range, element('br'), `${when(start)} + ${curve.interval / 1000} s`));
  }
  const source = curve.notes?.[place]?.source;
  return element('tr', {}, name, element('td', { class: 'value' }, exactValue(curve, place)),
    element('td', { class: 'exact' }, exactTime(curve, place), source ? element('br') : null, source ? `source ${source}` : null));
};

/** Shows the curves of a lane at a time, beside a point of the screen. */
export const show = (lane, time, perPixel, x, y) => {
  const rows = lane.curves
    .map((curve, which) => [curve, lane.slots[which], placeAt(curve, time, perPixel)])
    .filter(([, , place]) => place >= 0)
    .map((found) => row(...found));
  const box = byId('hover');
  if (rows.length === 0) return hide();
  box.replaceChildren(element('div', { class: 'when' }, when(time)), element('table', {}, element('tbody', {}, ...rows)));
  box.hidden = false;
  const { width, height } = box.getBoundingClientRect();
  const left = x + 18 + width > innerWidth ? x - 18 - width : x + 18;
  box.style.left = `${Math.max(4, left)}px`;
  box.style.top = `${Math.max(4, Math.min(y + 14, innerHeight - height - 4))}px`;
};

export const hide = () => { byId('hover').hidden = true; };
