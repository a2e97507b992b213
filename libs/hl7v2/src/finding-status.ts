import { stateOutside, verdictOn, type Finding, type ResultSet, type StateOutside } from '@sightline/findings';

type Told = Pick<ResultSet, 'state' | 'review'>;

/** OBX-11 of what people stand for in this state, of a finding that nobody denied and of what a human put in place of one. */
export function statusOfReport({ state }: Told): StateOutside['obx11'] {
  // Whether it is the only report decides about the report as a whole, not about a finding.
  return stateOutside(state, { onlyReport: true }).obx11;
}

/** OBX-11 of a finding: what a person rejected or replaced is deleted, in whatever state the rest is. */
export function statusOfFinding(finding: Finding, set: Told): StateOutside['obx11'] {
  const status = statusOfReport(set);
  if (status === 'W') return status;
  const verdict = verdictOn(set.review, finding)?.verdict;
  return verdict === 'rejected' || verdict === 'corrected' ? 'D' : status;
}
