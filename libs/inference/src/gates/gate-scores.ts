import type { ModelManifest } from '@sightline/contracts';
import type { Refused } from '../reading/pipeline.ts';
import type { Answer } from '../runtime.ts';

/**
 * The gates of the manifest on what the graph says of one frame's pixels, in their order: the first that is exceeded refuses it.
 * A score that is no number vouches for nothing and refuses, too.
 */
export function gateScores(
  { applicability }: ModelManifest,
  { scores }: Answer,
  row: number,
): { kind: 'passed' } | Refused {
  for (const { score, atMost, reason, detail } of applicability.scores) {
    const value = scores[score]?.data[row] ?? Number.NaN;
    if (!(value <= atMost)) return { kind: 'refused', reason, detail };
  }
  return { kind: 'passed' };
}
