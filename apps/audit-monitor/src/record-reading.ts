import type { InferenceCompleted } from '@sightline/contracts';
import type { Tx } from '@sightline/persistence';

/**
 * What a version said of a study, in as many words as a comparison needs: the keys of the outputs it found present, or that it
 * refused, or that it failed.
 */
export function verdictOf(outcome: InferenceCompleted['outcome']): string {
  if (outcome.kind !== 'findings') return outcome.kind;
  const present = outcome.findings.filter(({ presence }) => presence === 'present').map(({ key }) => key);
  return `findings: ${[...new Set(present)].toSorted().join(', ')}`;
}

/** Keeps what primaries and shadows said, side by side. A failure is replaced by whatever comes later, an answer by nothing. */
export async function recordReading(tx: Tx, { study, model, role, outcome }: InferenceCompleted): Promise<void> {
  if (model === undefined) return;
  await tx.query(
    `insert into reading (study_instance_uid, revision, name, version, role, verdict) values ($1, $2, $3, $4, $5, $6)
     on conflict (study_instance_uid, revision, name, version) do update set verdict = excluded.verdict
     where reading.verdict = 'failed'`,
    [study.studyInstanceUid, study.revision, model.name, model.version, role, verdictOf(outcome)],
  );
}

/** How often a version said as a shadow what the primary beside it said of the same revision of a study. */
export interface Agreement {
  /** Both answered, neither failed. */
  studies: number;
  agreed: number;
}

/** By `name@version`, for versions that were ever compared. */
export async function agreements(tx: Pick<Tx, 'query'>): Promise<ReadonlyMap<string, Agreement>> {
  const rows = await tx.query<({ name: string; version: string } & Agreement)[]>(
    `select shadow.name, shadow.version, count(*)::int as studies,
       (count(*) filter (where shadow.verdict = beside.verdict))::int as agreed
     from reading shadow join reading beside using (study_instance_uid, revision, name)
     where shadow.role = 'shadow' and beside.role = 'primary' and 'failed' not in (shadow.verdict, beside.verdict)
     group by shadow.name, shadow.version`,
  );
  return new Map(rows.map(({ name, version, studies, agreed }) => [`${name}@${version}`, { studies, agreed }]));
}
