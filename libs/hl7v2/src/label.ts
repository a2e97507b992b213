import { verdictOn, type Finding, type ModelOfResult, type ResultSet } from '@sightline/findings';

/** What of a report a reader must know before anything else: that it is AI's, for life, and who has answered for it. */
export function labelsOfReport(set: ResultSet, onlyReport: boolean): string[] {
  return [aiAsserted(set.model), standing(set, onlyReport), ...refusal(set)];
}

/** The same beside a single finding, since receivers show results apart from their report. */
export function labelOfFinding(finding: Finding, set: ResultSet): string {
  const { model, state, review } = set;
  const verdict = verdictOn(review, finding);
  if (state === 'withdrawn') return `AI-asserted, withdrawn: should not have been sent (${versionOf(model)}).`;
  if (verdict?.verdict === 'rejected') return `AI-asserted, rejected by a ${verdict.by.role}: ${verdict.reason}`;
  if (verdict?.verdict === 'corrected') return `AI-asserted, replaced by a ${verdict.by.role}.`;
  return state === 'unreviewed'
    ? `Unverified, by AI (${versionOf(model)}).`
    : `AI-asserted (${versionOf(model)}), ${state}.`;
}

/** Beside a finding that the last edition told and this one does not. */
export function labelOfLost({ study }: ResultSet): string {
  return `AI-asserted, deleted: no longer found in revision ${study.revision} of the study.`;
}

function aiAsserted(model: ModelOfResult): string {
  return `AI-asserted: made by ${versionOf(model)}. ${model.intendedUse}`;
}

function standing({ state, model, review }: ResultSet, onlyReport: boolean): string {
  const signer = review.signature === undefined ? 'a human' : `a ${review.signature.by.role}`;
  switch (state) {
    case 'unreviewed':
      return `Unverified, by AI (${versionOf(model)}).`;
    case 'signed':
    case 'corrected':
      return onlyReport
        ? `${state === 'signed' ? 'Signed' : 'Corrected'} by ${signer}.`
        : `${state === 'signed' ? 'Answered' : 'Corrected'} by ${signer}; it completes no other report of the study.`;
    case 'rejected':
      return `Rejected by ${signer}: nothing of it stands.`;
    case 'withdrawn':
      return 'Withdrawn: it should not have been sent.';
    case 'refused':
      return 'No answer was given: this is no negative.';
  }
}

function refusal({ refusal }: ResultSet): string[] {
  return refusal === undefined ? [] : [`${refusal.reason.display}: ${refusal.detail}`];
}

function versionOf({ title, version }: ModelOfResult): string {
  return `${title} ${version}`;
}
