import { describe, expect, it } from '@jest/globals';
import { isUntouched, mayBecome, reportStates, stateOutside } from './report-state.ts';

const legal = new Set([
  'unreviewed → signed',
  'unreviewed → rejected',
  'unreviewed → refused',
  'unreviewed → withdrawn',
  'signed → corrected',
  'signed → withdrawn',
  'corrected → corrected',
  'corrected → withdrawn',
  'rejected → withdrawn',
  'refused → unreviewed',
  'refused → withdrawn',
]);

describe('the states of a report', () => {
  it.each(reportStates.flatMap((from) => reportStates.map((to) => [from, to] as const)))('%s → %s', (from, to) => {
    expect(mayBecome(from, to)).toBe(legal.has(`${from} → ${to}`));
  });

  it.each(reportStates)('%s: a newer answer replaces it only while no human has touched it', (state) => {
    expect(isUntouched(state)).toBe(state === 'unreviewed' || state === 'refused');
  });
});

describe('what a state is called outside', () => {
  // R4 value sets diagnostic-report-status and observation-status, HL7 tables 0123 and 0085, PS3.3 C.17.2.
  it.each([
    ['unreviewed', 'partial', 'preliminary', 'R', 'R', 'UNVERIFIED'],
    ['signed', 'final', 'final', 'F', 'F', 'VERIFIED'],
    ['corrected', 'corrected', 'corrected', 'C', 'C', 'VERIFIED'],
    ['rejected', 'cancelled', 'cancelled', 'C', 'D', 'rejection-note'],
    ['withdrawn', 'entered-in-error', 'entered-in-error', 'C', 'W', 'rejection-note'],
    ['refused', 'cancelled', 'cancelled', 'X', 'X', 'none'],
  ] as const)('%s', (state, diagnosticReport, observation, obr25, obx11, structuredReport) => {
    expect(stateOutside(state, { onlyReport: true })).toEqual({
      diagnosticReport,
      observation,
      obr25,
      obx11,
      structuredReport,
    });
  });

  it.each(['signed', 'corrected'] as const)('%s beside another report is never final as a whole', (state) => {
    expect(stateOutside(state, { onlyReport: false })).toMatchObject({ diagnosticReport: 'partial', obr25: 'P' });
  });

  it.each(['unreviewed', 'rejected', 'withdrawn', 'refused'] as const)(
    '%s is called the same at every site',
    (state) => {
      expect(stateOutside(state, { onlyReport: false })).toEqual(stateOutside(state, { onlyReport: true }));
    },
  );
});
