import type { AuditRecorded, ReviewRecorded } from '@sightline/contracts';
import { codes, concept } from '@sightline/findings';

/** A person answered findings of a report, or signed it. What they said is in the review itself. */
export function reviewed(reviewId: string, review: ReviewRecorded): AuditRecorded {
  const { studyInstanceUid, revision, model, report, reviewer, verdicts, signed, recordedAt } = review;
  const said = `${verdicts.length} ${verdicts.length === 1 ? 'verdict' : 'verdicts'}${signed === true ? ', signed' : ''}`;
  return {
    id: `audit/review-recorded/${reviewId}`,
    subject: studyInstanceUid,
    app: 'reading-room',
    recordedAt,
    type: concept(codes.local.reviewRecorded),
    action: 'C',
    outcome: '0',
    agent: { kind: 'person', name: reviewer.subject, role: reviewer.role },
    entities: [
      { kind: 'study', id: studyInstanceUid, detail: `revision ${revision}` },
      { kind: 'model', id: `${model.name}@${model.version}` },
      { kind: 'report', id: report.url, detail: `version ${report.versionId}: ${said}` },
    ],
  };
}
