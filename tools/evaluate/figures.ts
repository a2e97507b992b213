/** One scored row: what is true, what was said, and whose image it is. */
export interface Scored {
  truth: 0 | 1;
  probability: number;
  patient: string;
}

export type Interval = [low: number, high: number];

/** Area under the ROC curve by ranks, ties counted half; undefined where one class is missing. */
export function auroc(rows: readonly Pick<Scored, 'truth' | 'probability'>[]): number | undefined {
  const sorted = [...rows].sort((a, b) => a.probability - b.probability);
  let positives = 0;
  let rankSum = 0;
  for (let from = 0; from < sorted.length;) {
    let to = from;
    while (to < sorted.length && sorted[to]?.probability === sorted[from]?.probability) to++;
    const tied = sorted.slice(from, to).filter(({ truth }) => truth === 1).length;
    // Ranks are 1-based; rows of one score share the mean of theirs.
    rankSum += (tied * (from + 1 + to)) / 2;
    positives += tied;
    from = to;
  }
  const negatives = sorted.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** 95 % interval of a figure by drawing patients with replacement (their images stay together); seeded, so it can be repeated. */
export function bootstrapByPatient(
  rows: readonly Scored[],
  figure: (rows: readonly Scored[]) => number | undefined,
  { draws = 2_000, seed = 20_240_229 }: { draws?: number; seed?: number } = {},
): Interval | undefined {
  const patients = [...Map.groupBy(rows, ({ patient }) => patient).values()];
  const random = mulberry32(seed);
  const values: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const drawn = patients.flatMap(() => patients[Math.floor(random() * patients.length)] ?? []);
    const value = figure(drawn);
    if (value !== undefined) values.push(value);
  }
  if (values.length === 0) return undefined;
  values.sort((a, b) => a - b);
  return [quantile(values, 0.025), quantile(values, 0.975)];
}

/** Wilson's interval for a proportion of `hits` in `n`, 95 %. */
export function wilson(
  hits: number,
  n: number,
): { value: number; ci95: Interval; hits: number; n: number } | undefined {
  if (n === 0) return undefined;
  const z = 1.959964;
  const p = hits / n;
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return { value: p, ci95: [Math.max(0, centre - half), Math.min(1, centre + half)], hits, n };
}

export function atThreshold(rows: readonly Scored[], threshold: number) {
  const positive = rows.filter(({ truth }) => truth === 1);
  const negative = rows.filter(({ truth }) => truth === 0);
  return {
    threshold,
    sensitivity: wilson(positive.filter(({ probability }) => probability >= threshold).length, positive.length),
    specificity: wilson(negative.filter(({ probability }) => probability < threshold).length, negative.length),
  };
}

/** The greatest specificity whose sensitivity is still `sensitivity` or more. */
export function specificityAtSensitivity(rows: readonly Scored[], sensitivity: number): number | undefined {
  const positive = rows
    .filter(({ truth }) => truth === 1)
    .map(({ probability }) => probability)
    .sort((a, b) => b - a);
  const negative = rows.filter(({ truth }) => truth === 0);
  const threshold = positive[Math.ceil(sensitivity * positive.length - 1e-9) - 1];
  if (threshold === undefined || negative.length === 0) return undefined;
  return negative.filter(({ probability }) => probability < threshold).length / negative.length;
}

/** Mean squared distance of probability and truth. */
export function brier(rows: readonly Scored[]): number | undefined {
  if (rows.length === 0) return undefined;
  return rows.reduce((sum, { truth, probability }) => sum + (probability - truth) ** 2, 0) / rows.length;
}

function quantile(sorted: readonly number[], q: number): number {
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (high - low) * (at - Math.floor(at));
}

/** A small generator with a seed; statistics, not secrets. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
