/** Slices this close, as a part of the spacing, to their place on an even grid are on it: what rounded positions are off. */
export const onGrid = 0.1;

/** Distances below this are one place, mm: positions are written with two decimals or more. */
export const onePlace = 0.01;

/**
 * The distance most slices lie apart, mm: the mean of the largest group of steps within a fifth of each other; of equal groups the
 * smaller step. Steps are positive.
 */
export function commonestStep(steps: readonly number[]): number {
  const sorted = steps.toSorted((a, b) => a - b);
  let best = { from: 0, to: 0 };
  for (let from = 0, to = 0; to < sorted.length; to++) {
    while ((sorted[to] ?? 0) > (sorted[from] ?? 0) * 1.2) from++;
    if (to - from > best.to - best.from) best = { from, to };
  }
  const group = sorted.slice(best.from, best.to + 1);
  return group.reduce((sum, step) => sum + step, 0) / group.length;
}

/** Whole spacings in a step where it is that many within rounding, else undefined. */
export function wholeSteps(step: number, spacing: number): number | undefined {
  const whole = Math.round(step / spacing);
  return whole >= 1 && Math.abs(step / spacing - whole) <= 2 * onGrid ? whole : undefined;
}

/** A grid of even spacing under positions along a line: where each position lies on it, in spacings from the first. */
export interface Grid {
  spacing: number;
  at: number[];
  even: boolean;
}

/** Ascending distances, mm, none twice. Where they are even but for gaps, each is a whole number on the grid. */
export function gridUnder(distances: readonly number[]): Grid {
  const first = distances[0] ?? 0;
  if (distances.length < 2) return { spacing: 0, at: distances.map(() => 0), even: true };
  const steps = distances.slice(1).map((distance, i) => distance - (distances[i] ?? 0));
  const common = commonestStep(steps);
  const whole = steps.map((step) => wholeSteps(step, common));
  if (whole.every((count) => count !== undefined)) {
    const at = [0];
    for (const count of whole) at.push((at.at(-1) ?? 0) + count);
    const spacing = ((distances.at(-1) ?? 0) - first) / (at.at(-1) ?? 1);
    const off = distances.map((distance, i) => Math.abs((distance - first) / spacing - (at[i] ?? 0)));
    if (off.every((each) => each <= onGrid)) return { spacing, at, even: true };
  }
  return { spacing: common, at: distances.map((distance) => (distance - first) / common), even: false };
}
