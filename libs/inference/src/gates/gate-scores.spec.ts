import { describe, expect, it } from '@jest/globals';
import { testManifest } from '../../../../test/support/index.ts';
import type { Answer } from '../runtime.ts';
import { gateScores } from './gate-scores.ts';

const base = testManifest();
const manifest = testManifest({
  graph: { ...base.graph, scores: ['blankness', 'atypicality'] },
  applicability: {
    ...base.applicability,
    scores: [
      { score: 'blankness', atMost: 1, reason: 'blank', detail: 'Shows next to nothing.' },
      { score: 'atypicality', atMost: 10, reason: 'out-of-distribution', detail: 'Unlike the others.' },
    ],
  },
});

/** What the graph says of a batch, by score. */
function answer(scores: Record<string, number[]>): Answer {
  const none = { dims: [1, 1], data: Float32Array.of(0) };
  const tensors = Object.entries(scores).map(([name, values]) => [
    name,
    { dims: [values.length, 1], data: Float32Array.from(values) },
  ]);
  return { logits: none, activation: none, embedding: none, scores: Object.fromEntries(tensors) };
}

describe('the gates on the scores of a frame', () => {
  it('pass a frame up to the limit of every score', () => {
    expect(gateScores(manifest, answer({ blankness: [1], atypicality: [10] }), 0)).toEqual({ kind: 'passed' });
  });

  it('refuse by the first in the order of the manifest, with its code and its sentence', () => {
    expect(gateScores(manifest, answer({ blankness: [1.01], atypicality: [99] }), 0)).toEqual({
      kind: 'refused',
      reason: 'blank',
      detail: 'Shows next to nothing.',
    });
    expect(gateScores(manifest, answer({ blankness: [0], atypicality: [99] }), 0)).toMatchObject({
      reason: 'out-of-distribution',
    });
  });

  it('look at each row of a batch alone', () => {
    const batch = answer({ blankness: [0, 2], atypicality: [0, 0] });
    expect([0, 1].map((row) => gateScores(manifest, batch, row).kind)).toEqual(['passed', 'refused']);
  });

  it.each<[string, Record<string, number[]>]>([
    ['is no number', { blankness: [Number.NaN], atypicality: [0] }],
    ['the graph does not give', { atypicality: [0] }],
  ])('refuse on a score that %s: it vouches for nothing', (_, scores) => {
    expect(gateScores(manifest, answer(scores), 0)).toMatchObject({ kind: 'refused', reason: 'blank' });
  });
});
