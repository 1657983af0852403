// A curve as the explorer answers it, made ready to be drawn: what of it is shown, and when it really was.

export const DAY = 86_400_000;

/** Whether it is a row of states. */
export const isText = (curve) => curve.kind === 'text';

/** Whether each value holds until the next. */
export const isStep = (curve) => curve.kind === 'step';

/** Whether it comes over intervals. */
export const isAverage = (curve) => curve.avg !== undefined;

/** Whether the lowest and highest are drawn around it. */
export const hasBand = (curve) => isAverage(curve) && curve.measure === 'avg' && !curve.shift && !isStep(curve);

const SHAPED = { auto: {}, steps: { number: 'step' }, slopes: { step: 'number' } };

/** Takes what is drawn from an answer. `shift` is how much later it is drawn than it was; `until` how far values hold. */
export const prepared = (curve, { measure, shape, shift, until }) => ({
  ...curve,
  kind: SHAPED[shape][curve.kind] ?? curve.kind,
  measure,
  shift,
  until: until + shift,
  base: curve.base + shift,
  values: isAverage(curve) ? curve[measure] : curve.v,
});

/** Its name among others of the same lane. */
export const label = (curve, withKey) => {
  const name = withKey ? `${curve.twin} · ${curve.key}` : curve.twin;
  return curve.shift ? `${name}, yesterday` : name;
};

/** The times at which it was removed, in milliseconds since 1970. */
export const removals = (curve) => {
  const times = isAverage(curve) ? curve.removals : curve.t.filter((_, place) => curve.v[place] === null);
  return times.map((time) => curve.base + time);
};

/** How far from the cursor a point may be, in pixels, to be meant. */
const REACH = 60;

/** The place of the point that a time means: for curves the nearest, for steps the one that holds. -1 for none. */
export const placeAt = (curve, time, perPixel) => {
  const { t } = curve;
  const holds = isText(curve) || (isStep(curve) && !isAverage(curve));
  const wanted = time - curve.base - (curve.interval ?? 0) / 2;
  let [low, high] = [0, t.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (t[middle] <= wanted) low = middle + 1;
    else high = middle;
  }
  if (holds) return time <= Math.max(curve.until, curve.base + (t.at(-1) ?? 0)) ? low - 1 : -1;
  const nearest = low > 0 && (low === t.length || wanted - t[low - 1] <= t[low] - wanted) ? low - 1 : low;
  const near = Math.max(REACH * perPixel, curve.interval ?? 0);
  return nearest < t.length && Math.abs(t[nearest] - wanted) <= near ? nearest : -1;
};
