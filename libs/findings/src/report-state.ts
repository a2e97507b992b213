/**
 * What can be said of a report. `unreviewed`: nobody has answered for it. `signed`: a radiologist has. `corrected`: changed after
 * that. `rejected`: signed, and nothing of it stands. `withdrawn`: should never have been said. `refused`: ordered, and the model
 * would not answer.
 */
export const reportStates = ['unreviewed', 'signed', 'corrected', 'rejected', 'withdrawn', 'refused'] as const;

export type ReportState = (typeof reportStates)[number];

/** THE table of what may become of a report. Once a human has acted, no newer answer of a model touches it. */
const transitions: Readonly<Record<ReportState, readonly ReportState[]>> = {
  unreviewed: ['signed', 'rejected', 'refused', 'withdrawn'],
  signed: ['corrected', 'withdrawn'],
  corrected: ['corrected', 'withdrawn'],
  rejected: ['withdrawn'],
  withdrawn: [],
  refused: ['unreviewed', 'withdrawn'],
};

export function mayBecome(from: ReportState, to: ReportState): boolean {
  return transitions[from].includes(to);
}

/** True where a newer revision replaces the report's content; otherwise it becomes a report of its own. */
export function isUntouched(state: ReportState): boolean {
  return state === 'unreviewed' || state === 'refused';
}

/** What a state is called in each language a report is told in. */
export interface StateOutside {
  /** DiagnosticReport.status (R4). */
  diagnosticReport: 'partial' | 'final' | 'corrected' | 'cancelled' | 'entered-in-error';
  /** Observation.status (R4) of a finding that nobody rejected. */
  observation: 'preliminary' | 'final' | 'corrected' | 'cancelled' | 'entered-in-error';
  /** OBR-25, HL7 table 0123 of v2.5.1. */
  obr25: 'R' | 'P' | 'F' | 'C' | 'X';
  /** OBX-11, HL7 table 0085, of a finding that nobody rejected. */
  obx11: 'R' | 'F' | 'C' | 'D' | 'W' | 'X';
  /** The DICOM SR document: VerificationFlag (0040,A493) of a new one, a rejection note for the last, or none at all. */
  structuredReport: 'UNVERIFIED' | 'VERIFIED' | 'rejection-note' | 'none';
}

/** Table 0123 has no "wrong": the report says "corrected", and each of its results that it was wrong. */
const outside: Readonly<Record<ReportState, StateOutside>> = {
  unreviewed: state('partial', 'preliminary', 'R', 'R', 'UNVERIFIED'),
  signed: state('final', 'final', 'F', 'F', 'VERIFIED'),
  corrected: state('corrected', 'corrected', 'C', 'C', 'VERIFIED'),
  rejected: state('cancelled', 'cancelled', 'C', 'D', 'rejection-note'),
  withdrawn: state('entered-in-error', 'entered-in-error', 'C', 'W', 'rejection-note'),
  refused: state('cancelled', 'cancelled', 'X', 'X', 'none'),
};

/**
 * What a report's state is called outside. Where another report of the study exists or may (`onlyReport` false), a signed one
 * stays preliminary as a whole: AI's report never completes the radiologist's.
 */
export function stateOutside(reportState: ReportState, { onlyReport }: { onlyReport: boolean }): StateOutside {
  const told = outside[reportState];
  const verified = reportState === 'signed' || reportState === 'corrected';
  return verified && !onlyReport ? { ...told, diagnosticReport: 'partial', obr25: 'P' } : told;
}

function state(
  diagnosticReport: StateOutside['diagnosticReport'],
  observation: StateOutside['observation'],
  obr25: StateOutside['obr25'],
  obx11: StateOutside['obx11'],
  structuredReport: StateOutside['structuredReport'],
): StateOutside {
  return { diagnosticReport, observation, obr25, obx11, structuredReport };
}
