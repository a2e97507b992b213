import { describe, expect, it } from '@jest/globals';
import {
  atThreshold,
  auroc,
  bootstrapByPatient,
  brier,
  specificityAtSensitivity,
  wilson,
  type Scored,
} from './figures.ts';

const rows = (...scores: [0 | 1, number, string?][]): Scored[] =>
  scores.map(([truth, probability, patient], i) => ({ truth, probability, patient: patient ?? `p${i}` }));

describe('figures', () => {
  it.each<[number, Scored[]]>([
    [1, rows([0, 0.1], [0, 0.2], [1, 0.3])],
    [0, rows([1, 0.1], [0, 0.2])],
    [0.5, rows([1, 0.5], [0, 0.5])],
    // Three of four pairs are in order: the textbook example of scikit-learn's roc_auc_score.
    [0.75, rows([0, 0.1], [0, 0.4], [1, 0.35], [1, 0.8])],
  ])('gives an AUROC of %d', (value, scored) => {
    expect(auroc(scored)).toBeCloseTo(value, 12);
  });

  it('gives no AUROC where one class is missing', () => {
    expect(auroc(rows([1, 0.5], [1, 0.6]))).toBeUndefined();
  });

  it("gives Wilson's interval: 8 of 10 is .490 to .943", () => {
    const interval = wilson(8, 10);
    expect(interval?.ci95[0]).toBeCloseTo(0.4901, 3);
    expect(interval?.ci95[1]).toBeCloseTo(0.9433, 3);
  });

  it('counts a probability at the threshold as positive', () => {
    const { sensitivity, specificity } = atThreshold(rows([1, 0.5], [1, 0.4], [0, 0.5], [0, 0.1]), 0.5);
    expect([sensitivity?.value, specificity?.value]).toEqual([0.5, 0.5]);
  });

  it('finds the specificity that a sensitivity costs', () => {
    const scored = rows([1, 0.9], [1, 0.8], [1, 0.7], [1, 0.2], [0, 0.75], [0, 0.6], [0, 0.1], [0, 0.05]);
    expect(specificityAtSensitivity(scored, 0.75)).toBe(0.75);
    expect(specificityAtSensitivity(scored, 1)).toBe(0.5);
  });

  it('gives the mean squared distance of probability and truth', () => {
    expect(brier(rows([1, 0.8], [0, 0.4]))).toBeCloseTo((0.04 + 0.16) / 2, 12);
  });

  it('draws patients, not images, and the same ones every time', () => {
    const many = Array.from({ length: 200 }, (_, i): Scored => {
      const truth = i % 4 === 0 ? 1 : 0;
      return { truth, probability: ((i * 37) % 100) / 100 + truth * 0.2, patient: `p${Math.floor(i / 4)}` };
    });
    const once = bootstrapByPatient(many, auroc, { draws: 300 });
    expect(bootstrapByPatient(many, auroc, { draws: 300 })).toEqual(once);
    const onePatient = many.map((row) => ({ ...row, patient: 'one' }));
    const [low, high] = bootstrapByPatient(onePatient, auroc, { draws: 50 }) ?? [];
    expect(low).toBe(high);
    expect((once?.[1] ?? 0) - (once?.[0] ?? 0)).toBeGreaterThan(0.01);
  });
});
