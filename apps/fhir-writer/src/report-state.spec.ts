import { describe, expect, it } from '@jest/globals';
import type { ReportState } from '@sightline/contracts';
import { isUntouched, mayBecome } from './report-state.ts';

const states: ReportState[] = ['unreviewed', 'signed', 'corrected', 'rejected', 'withdrawn'];

const legal = new Set([
  'unreviewed → signed',
  'unreviewed → rejected',
  'unreviewed → withdrawn',
  'signed → corrected',
  'signed → withdrawn',
  'corrected → withdrawn',
  'rejected → withdrawn',
]);

describe('the states of a report', () => {
  it.each(states.flatMap((from) => states.map((to) => [from, to] as const)))('%s → %s', (from, to) => {
    expect(mayBecome(from, to)).toBe(legal.has(`${from} → ${to}`));
  });

  it.each(states)('%s: a newer answer replaces it only while nobody has touched it', (state) => {
    expect(isUntouched(state)).toBe(state === 'unreviewed');
  });
});
