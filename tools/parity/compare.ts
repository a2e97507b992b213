import type { ModelManifest } from '@sightline/contracts';
import type { SubjectScore } from '../evaluate/score-subject.ts';
import type { Variant } from './variants.ts';

/** How far a model's answers to one variant lie from those to the reference, over all outputs. */
export interface Parity {
  variant: string;
  subjects: number;
  /** Largest and mean |Δ probability|. */
  largest: number;
  mean: number;
  /** Answers that fell on the other side of their threshold, both ways. */
  crossings: number;
  /** Subjects that the gates refuse of one and not of the other. */
  gateChanges: number;
  limit: number | null;
  /** Whether the largest difference keeps the limit; where there is none nothing is promised. */
  kept: boolean | null;
}

/** `scores` are those of the reference and of the variant, subject by subject. */
export function compare(
  { outputs }: Pick<ModelManifest, 'outputs'>,
  { name, limit }: Pick<Variant, 'name' | 'limit'>,
  scores: readonly { reference: SubjectScore; variant: SubjectScore }[],
): Parity {
  const pairs = scores.flatMap(({ reference, variant }) =>
    outputs.map(({ key, threshold }) => {
      const [one, other] = [reference.probabilities[key] ?? Number.NaN, variant.probabilities[key] ?? Number.NaN];
      return { difference: Math.abs(one - other), crossed: one >= threshold !== other >= threshold };
    }),
  );
  const differences = pairs.map(({ difference }) => difference);
  const largest = differences.reduce((most, each) => (each <= most ? most : each), 0);
  return {
    variant: name,
    subjects: scores.length,
    largest,
    mean: differences.reduce((sum, each) => sum + each, 0) / differences.length,
    crossings: pairs.filter(({ crossed }) => crossed).length,
    gateChanges: scores.filter(({ reference, variant }) => reference.refused?.reason !== variant.refused?.reason)
      .length,
    limit: limit ?? null,
    kept: limit === undefined ? null : largest <= limit,
  };
}

/** As a table of a terminal. */
export function sayParity(rows: readonly Parity[]): string {
  const head = ['stored as', 'largest |Δp|', 'mean', 'limit', 'crossings', 'gate changes', ''];
  const cells = rows.map(({ variant, largest, mean, limit, crossings, gateChanges, kept }) => [
    variant,
    largest.toFixed(5),
    mean.toFixed(5),
    limit === null ? '-' : String(limit),
    String(crossings),
    String(gateChanges),
    kept === null ? '' : kept ? 'kept' : 'BROKEN',
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return `${[head, ...cells].map(line).join('\n')}\n`;
}
