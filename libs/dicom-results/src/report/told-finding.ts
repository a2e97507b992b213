import {
  correctionSentence,
  findingSchema,
  verdictOn,
  type Finding,
  type GivenVerdict,
  type ResultSet,
} from '@sightline/findings';
import { z } from 'zod';
import { personName, plainName } from '../limited-text.ts';

/** What a person found in place of what the model had said: there, where the model looked, and without a probability. */
export const correctedFindingSchema = findingSchema
  .omit({ key: true, presence: true, certainty: true, measurements: true })
  .extend({
    /** Who says so. */
    observer: z.string(),
  });

export type CorrectedFinding = z.infer<typeof correctedFindingSchema>;

/** A finding as a report tells it: by the model, or by the person who corrected it; and when it was said, an instant. */
export type ToldFinding = { at: string } & (
  | { by: 'model'; finding: Finding }
  | { by: 'person'; finding: CorrectedFinding }
);

/** The findings that stand: a rejected one is told nowhere, a corrected one as the person put it. */
export function toldFindings({
  findings,
  review,
  completedAt,
}: Pick<ResultSet, 'findings' | 'review' | 'completedAt'>): ToldFinding[] {
  return findings.flatMap((finding): ToldFinding[] => {
    const verdict = verdictOn(review, finding);
    switch (verdict?.verdict) {
      case 'rejected':
        return [];
      case 'corrected':
        return [{ by: 'person', at: verdict.at, finding: corrected(finding, verdict) }];
      case 'accepted':
      case undefined:
        return [{ by: 'model', at: completedAt, finding }];
    }
  });
}

function corrected(
  { trackingIdentifier, trackingUid, site, laterality, sources }: Finding,
  verdict: Extract<GivenVerdict, { verdict: 'corrected' }>,
): CorrectedFinding {
  const { concept, by } = verdict;
  return {
    trackingIdentifier,
    trackingUid,
    concept,
    ...(site && { site }),
    laterality,
    sources,
    observer: plainName(personName(by.name ?? by.subject)),
    sentence: correctionSentence(verdict),
  };
}
