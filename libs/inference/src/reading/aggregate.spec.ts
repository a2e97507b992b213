import { describe, expect, it } from '@jest/globals';
import { aggregate } from './aggregate.ts';

const logits = [-4, 1, 3, -2];
const unit = 'study' as const;

describe('the answer to a study from those to its slices', () => {
  it.each([
    [{ kind: 'max' as const }, 3],
    [{ kind: 'mean' as const }, -0.5],
    [{ kind: 'mean-of-top' as const, count: 2 }, 2],
    [{ kind: 'mean-of-top' as const, count: 9 }, -0.5],
  ])('by %j is %d', (aggregation, logit) => {
    expect(aggregate({ unit, aggregation }, logits).logit).toBeCloseTo(logit, 12);
  });

  it('counts what the slices before and behind say, where the manifest wants it', () => {
    const smoothed = 'neighbours' as const;
    // (-4 -4 -4 1) / 4, (-4 1 1 3) / 4, (1 3 3 -2) / 4, (3 -2 -2 -2) / 4
    expect(aggregate({ unit, smoothed, aggregation: { kind: 'max' } }, logits).logit).toBeCloseTo(1.25, 12);
    expect(aggregate({ unit, smoothed, aggregation: { kind: 'mean-of-top', count: 2 } }, logits).logit).toBeCloseTo(
      0.75,
      12,
    );
    expect(aggregate({ unit, smoothed, aggregation: { kind: 'max' } }, [7]).logit).toBe(7);
  });

  it('names the slice that says most by itself, the first of equals, whatever the rule', () => {
    expect(aggregate({ unit, aggregation: { kind: 'mean' } }, logits).strongest).toBe(2);
    expect(aggregate({ unit, smoothed: 'neighbours', aggregation: { kind: 'max' } }, [9, -9, 3, 3]).strongest).toBe(0);
    expect(aggregate({ unit, aggregation: { kind: 'max' } }, [5, 5]).strongest).toBe(0);
  });
});
