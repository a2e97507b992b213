import { codes } from '@sightline/findings';
import type { Outbox } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { audit } from '../audit.ts';
import { readReport, type ReportKey } from '../reports/report-store.ts';

/** A delivery that waits for a person to say whose it is, and what the images say. */
export interface Waiting extends ReportKey {
  destination: string;
  reason: string;
  since: string;
  /** As the scanner sent it. */
  patient: { id?: string; issuer?: string; name?: string; birthDate?: string; sex?: string };
  accessionNumber?: string;
}

export interface WaitingKey extends ReportKey {
  destination: string;
}

/** A person's word on a quarantined delivery: whose it is, or that it goes nowhere. */
export type Word = { kind: 'release'; patient: string } | { kind: 'reject' };

type Db = Pick<Tx, 'query'>;

export async function listQuarantine(db: Db, limit: number): Promise<Waiting[]> {
  const rows = await db.query<
    {
      study_instance_uid: string;
      model: string;
      generation: number;
      destination: string;
      reason: string;
      changed_at: Date;
      study: { patient: Waiting['patient']; accessionNumber?: string };
    }[]
  >(
    `select delivery.study_instance_uid, delivery.model, delivery.generation, destination, delivery.reason, changed_at,
       report_edition.answer -> 'study' as study
     from delivery join report_edition using (study_instance_uid, model, generation, edition)
     where status = 'quarantined' order by changed_at limit $1`,
    [limit],
  );
  return rows.map((row) => ({
    studyInstanceUid: row.study_instance_uid,
    model: row.model,
    generation: row.generation,
    destination: row.destination,
    reason: row.reason,
    since: row.changed_at.toISOString(),
    patient: row.study.patient,
    ...(row.study.accessionNumber === undefined ? {} : { accessionNumber: row.study.accessionNumber }),
  }));
}

/** Does what a person decided; false where the delivery is not in quarantine. */
export async function decideQuarantined(
  tx: Tx,
  outbox: Outbox<Tx>,
  key: WaitingKey,
  word: Word,
  decided: { by: { subject: string; role: string }; reason: string },
): Promise<boolean> {
  const { studyInstanceUid, model, generation, destination } = key;
  const [, affected] = await tx.query<[unknown, number]>(
    `update delivery set token = token + 1, leased_until = null, attempt = 0, not_before = now(), changed_at = now(),
       status = $5, reason = $6, patient = coalesce($7, patient)
     where study_instance_uid = $1 and model = $2 and generation = $3 and destination = $4 and status = 'quarantined'`,
    [
      studyInstanceUid,
      model,
      generation,
      destination,
      word.kind === 'release' ? 'due' : 'not-needed',
      word.kind === 'release' ? null : 'a person rejected it',
      word.kind === 'release' ? word.patient : null,
    ],
  );
  const report = affected === 0 ? undefined : await readReport(tx, key);
  if (report === undefined) return false;
  await audit(outbox, tx, {
    type: word.kind === 'release' ? codes.local.quarantineReleased : codes.local.quarantineRejected,
    what: [studyInstanceUid, model, generation, destination, new Date().toISOString()],
    subject: studyInstanceUid,
    action: 'U',
    text: decided.reason,
    agent: { kind: 'person', name: decided.by.subject, role: decided.by.role },
    entities: [
      { kind: 'study', id: studyInstanceUid },
      { kind: 'report', id: `${studyInstanceUid}/${model}/${generation}`, detail: destination },
    ],
  });
  return true;
}
