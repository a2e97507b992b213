import type { ModelManifest } from '@sightline/contracts';
import type { SubjectLogit } from './pipeline.ts';

type Aggregation = Extract<ModelManifest['answer'], { unit: 'study' }>['aggregation'];

/** The logit of a study from those of its slices, by the rule of the manifest. Slices that gave none are left out by the caller. */
export function aggregate(rule: Aggregation, logits: readonly number[]): SubjectLogit {
  const strongest = strongestOf(logits);
  switch (rule.kind) {
    case 'max':
      return { logit: logits[strongest] ?? Number.NaN, strongest };
    case 'mean':
      return { logit: mean(logits), strongest };
    case 'mean-of-top':
      return { logit: mean(logits.toSorted((a, b) => b - a).slice(0, rule.count)), strongest };
  }
}

export function strongestOf(logits: readonly number[]): number {
  return logits.reduce((best, logit, i) => (logit > (logits[best] ?? -Infinity) ? i : best), 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
