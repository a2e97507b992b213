import { describe, expect, it } from '@jest/globals';
import { aggregate } from './aggregate.ts';

const logits = [-4, 1, 3, -2];

describe('the answer to a study from those to its slices', () => {
  it.each([
    [{ kind: 'max' as const }, 3],
    [{ kind: 'mean' as const }, -0.5],
    [{ kind: 'mean-of-top' as const, count: 2 }, 2],
    [{ kind: 'mean-of-top' as const, count: 9 }, -0.5],
  ])('by %j is %d', (rule, logit) => {
    expect(aggregate(rule, logits).logit).toBeCloseTo(logit, 12);
  });

  it('names the slice that says most, the first of equals, whatever the rule', () => {
    expect(aggregate({ kind: 'mean' }, logits).strongest).toBe(2);
    expect(aggregate({ kind: 'max' }, [5, 5]).strongest).toBe(0);
  });
});
