import type { ReportState } from '@sightline/contracts';

/** What may become of a report. Once a human has acted, no newer answer of a model touches it. */
const transitions: Readonly<Record<ReportState, readonly ReportState[]>> = {
  unreviewed: ['signed', 'rejected', 'withdrawn'],
  signed: ['corrected', 'withdrawn'],
  corrected: ['withdrawn'],
  rejected: ['withdrawn'],
  withdrawn: [],
};

export function mayBecome(from: ReportState, to: ReportState): boolean {
  return transitions[from].includes(to);
}

/** True where a newer revision replaces the report's content; otherwise it becomes a new report. */
export function isUntouched(state: ReportState): boolean {
  return state === 'unreviewed';
}
