import { stateOutside, verdictOn, type Finding, type ResultSet, type StateOutside } from '@sightline/findings';
import type { Practitioner, Reference } from '@medplum/fhirtypes';
import { identifierSystems } from './identifiers.ts';
import type { ResultInChart } from './result-in-chart.ts';

/** Observation.status of a finding: what a person rejected or replaced no longer stands, whatever the report's state. */
export function findingStatus(set: ResultInChart, finding: Finding): StateOutside['observation'] {
  const { observation } = stateOutside(set.state, set);
  const verdict = verdictOn(set.review, finding)?.verdict;
  if (set.state === 'withdrawn') return observation;
  return verdict === 'rejected' || verdict === 'corrected' ? 'cancelled' : observation;
}

/** One sentence on how far the report can be relied on: it stands before everything else that is said. */
export function label(set: ResultSet): string {
  const by = `by AI (${set.model.title} ${set.model.version})`;
  const signer = set.review.signature?.by.name ?? 'a radiologist';
  switch (set.state) {
    case 'unreviewed':
      return `Unverified, ${by}.`;
    case 'signed':
      return `Found ${by}, verified by ${signer}.`;
    case 'corrected':
      return `Found ${by}, corrected by ${signer}.`;
    case 'rejected':
      return `Found ${by}, rejected by ${signer}: nothing of it stands.`;
    case 'withdrawn':
      return `Withdrawn: what was said ${by} must not be relied on.`;
    case 'refused':
      return `No analysis ${by}: ${set.refusal?.detail ?? 'the model refused'}.`;
  }
}

/** The sentence of a finding with what a person said to it. */
export function sentenceOf(set: ResultSet, finding: Finding): string {
  const verdict = verdictOn(set.review, finding);
  switch (verdict?.verdict) {
    case undefined:
    case 'accepted':
      return finding.sentence;
    case 'rejected':
      return `Rejected by ${verdict.by.name ?? `a ${verdict.by.role}`} (${verdict.reason}): ${finding.sentence}`;
    case 'corrected':
      return `${verdict.concept.display}, said by ${verdict.by.name ?? `a ${verdict.by.role}`} instead of: ${finding.sentence}`;
  }
}

/** A person of the reading room, named by what the identity provider calls them: the destination may know them under another id. */
export function reviewerReference({
  subject,
  name,
  role,
}: {
  subject: string;
  name?: string | undefined;
  role: string;
}): Reference<Practitioner> {
  return {
    type: 'Practitioner',
    identifier: { system: identifierSystems.reviewer, value: subject },
    display: name ?? role,
  };
}
