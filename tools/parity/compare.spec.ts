import { describe, expect, it } from '@jest/globals';
import { testManifest } from '../../test/support/index.ts';
import type { SubjectScore } from '../evaluate/score-subject.ts';
import { compare } from './compare.ts';

const manifest = testManifest();

function score(probability: number, reason?: string): SubjectScore {
  return {
    name: 'one',
    probabilities: { pneumonia: probability },
    ...(reason !== undefined && { refused: { reason, detail: '' } }),
  };
}

const pair = (reference: SubjectScore, variant: SubjectScore) => ({ reference, variant });

describe('the parity of a variant', () => {
  it('is judged by its largest difference, up to the limit', () => {
    const pairs = [pair(score(0.2), score(0.2005)), pair(score(0.9), score(0.9))];
    expect(compare(manifest, { name: 'RLE', limit: 0.001 }, pairs)).toMatchObject({ subjects: 2, kept: true });
    expect(compare(manifest, { name: 'RLE', limit: 0.0004 }, pairs).kept).toBe(false);
    expect(compare(manifest, { name: 'RLE', limit: 0.001 }, pairs).mean).toBeCloseTo(0.00025, 9);
  });

  it('is broken by an answer that is no number', () => {
    const parity = compare(manifest, { name: 'RLE', limit: 0.001 }, [pair(score(0.2), score(Number.NaN))]);
    expect(parity.kept).toBe(false);
  });

  it('counts crossings of the threshold both ways, however small the difference', () => {
    const pairs = [pair(score(0.4199), score(0.42)), pair(score(0.42), score(0.4199)), pair(score(0.1), score(0.4))];
    expect(compare(manifest, { name: '4 × size' }, pairs).crossings).toBe(2);
  });

  it('counts subjects of which the gates say something else', () => {
    const pairs = [pair(score(0.2), score(0.2, 'blank')), pair(score(0.2, 'blank'), score(0.2, 'blank'))];
    expect(compare(manifest, { name: '4 × size' }, pairs)).toMatchObject({ gateChanges: 1, kept: null, limit: null });
  });
});
