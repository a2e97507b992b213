import type { ModelManifest } from '@sightline/contracts';
import type { SubjectLogit } from './pipeline.ts';

type OfStudy = Extract<ModelManifest['answer'], { unit: 'study' }>;

/**
 * The logit of a study from those of its slices in the order of their place, by the rule of the manifest. Slices that gave none are
 * left out by the caller. The strongest is the slice that says most by itself.
 */
export function aggregate({ smoothed, aggregation }: OfStudy, logits: readonly number[]): SubjectLogit {
  const judged = smoothed === 'neighbours' ? withNeighbours(logits) : logits;
  return { logit: combine(aggregation, judged), strongest: strongestOf(logits) };
}

function combine(rule: OfStudy['aggregation'], logits: readonly number[]): number {
  switch (rule.kind) {
    case 'max':
      return Math.max(...logits);
    case 'mean':
      return mean(logits);
    case 'mean-of-top':
      return mean(logits.toSorted((a, b) => b - a).slice(0, rule.count));
  }
}

/** Weights ¼, ½, ¼; a slice at an end is its own neighbour there. */
function withNeighbours(logits: readonly number[]): number[] {
  return logits.map((logit, i) => (logit * 2 + (logits[i - 1] ?? logit) + (logits[i + 1] ?? logit)) / 4);
}

export function strongestOf(logits: readonly number[]): number {
  return logits.reduce((best, logit, i) => (logit > (logits[best] ?? -Infinity) ? i : best), 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
