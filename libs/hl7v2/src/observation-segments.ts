import type { Digest, Finding, ResultSet, StateOutside } from '@sightline/findings';
import { observationsOf } from './finding-observations.ts';
import { statusOfFinding } from './finding-status.ts';
import { labelOfFinding, labelOfLost } from './label.ts';
import { noteSegment, observationSegment, type Observation } from './observation.ts';
import { documentsOf, orderOf, refusalOf } from './report-observations.ts';
import type { ResultContext } from './result-context.ts';

/** Everything below an OBR: which study it is about, then findings, then the report as a document. */
export function observationSegments(set: ResultSet, context: ResultContext, digest: Digest): string[] {
  return observationsIn(set, context, digest).flatMap((one, index) => [
    observationSegment(one, index + 1, set),
    ...(one.notes ?? []).map((note, number) => noteSegment(number + 1, note)),
  ]);
}

function observationsIn(set: ResultSet, context: ResultContext, digest: Digest): Observation[] {
  const { noLongerFound = [], critical = [] } = context;
  const tell = (finding: Finding, status: StateOutside['obx11'], label: string): Observation[] => {
    const isCritical = status !== 'D' && status !== 'W' && critical.includes(finding.trackingUid);
    return observationsOf(finding, set, { status, label, digest, critical: isCritical });
  };
  return [
    ...orderOf(set, context),
    ...refusalOf(set),
    ...set.findings.flatMap((finding) => tell(finding, statusOfFinding(finding, set), labelOfFinding(finding, set))),
    ...noLongerFound.flatMap((finding) => tell(finding, 'D', labelOfLost(set))),
    ...documentsOf(set, context),
  ];
}
