import { describe, expect, it } from '@jest/globals';
import { mayBecome, statesBefore, studyStates } from './study-state.ts';

const legal = new Set(['receiving → complete', 'complete → superseded']);

describe('the states of a study', () => {
  const pairs = studyStates.flatMap((from) => studyStates.map((to) => [from, to] as const));

  it.each(pairs)('%s → %s', (from, to) => {
    expect(mayBecome(from, to)).toBe(legal.has(`${from} → ${to}`));
    expect(statesBefore(to).includes(from)).toBe(legal.has(`${from} → ${to}`));
  });
});
