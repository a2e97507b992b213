import { inferenceCompletedSchema, type InferenceCompleted } from '@sightline/contracts';
import type { ObjectOptions } from '@sightline/dicom-results';
import { reportStates, reviewerSchema, verdictSchema, type ReportState, type Review } from '@sightline/findings';
import type { Tx } from '@sightline/persistence';
import { z } from 'zod';

/** One report: the `generation`th that a model's answers to a study became. */
export interface ReportKey {
  studyInstanceUid: string;
  model: string;
  generation: number;
}

/** What a withdrawn report was wrong about, as the note that takes back its DICOM objects has to say. */
export type WithdrawnBecause = NonNullable<ObjectOptions['withdrawnBecause']>;

/** What a report says at one time. */
export interface Edition {
  edition: number;
  state: ReportState;
  answer: InferenceCompleted;
  review: Review;
  /** Why it is withdrawn or was made anew; names no patient. */
  reason?: string;
  withdrawnBecause?: WithdrawnBecause;
  traceparent?: string;
  /** Of one that is kept: when it was made. */
  madeAt?: string;
}

export type Report = ReportKey & Edition;

type Db = Pick<Tx, 'query'>;

const instant = z.iso.datetime();
const reviewSchema = z.object({
  verdicts: z.array(z.intersection(verdictSchema, z.object({ by: reviewerSchema, at: instant }))),
  signature: z.object({ by: reviewerSchema, at: instant }).optional(),
});

interface EditionRow {
  study_instance_uid: string;
  model: string;
  generation: number;
  edition: number;
  state: string;
  answer: unknown;
  review: unknown;
  reason: string | null;
  withdrawn_because: string | null;
  traceparent: string | null;
  made_at: Date;
}

const columns =
  'study_instance_uid, model, generation, edition, state, answer, review, reason, withdrawn_because, traceparent';
const becauseSchema = z.enum(['patient-safety', 'wrong-worklist-entry']).nullable();

/** Holds the one lock on what becomes of a study's reports by a model, until the transaction ends. */
export async function lockReports(tx: Tx, studyInstanceUid: string, model: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`report/${studyInstanceUid}/${model}`]);
}

/** The newest generation of a study's report by this model, as it stands now. */
export async function newestReport(db: Db, studyInstanceUid: string, model: string): Promise<Report | undefined> {
  const [row] = await db.query<EditionRow[]>(
    `select ${columns}, made_at from report_edition where study_instance_uid = $1 and model = $2
     order by generation desc, edition desc limit 1`,
    [studyInstanceUid, model],
  );
  return row && toReport(row);
}

/** A report as it stands now, or as it stood in an earlier edition. */
export async function readReport(db: Db, key: ReportKey, edition?: number): Promise<Report | undefined> {
  const [row] = await db.query<EditionRow[]>(
    `select ${columns}, made_at from report_edition
     where study_instance_uid = $1 and model = $2 and generation = $3 and edition = coalesce($4, edition)
     order by edition desc limit 1`,
    [key.studyInstanceUid, key.model, key.generation, edition ?? null],
  );
  return row && toReport(row);
}

/** How a report stood from one edition to another, both included, the older first. */
export async function readEditions(db: Db, key: ReportKey, from: number, to: number): Promise<Report[]> {
  if (from > to) return [];
  const rows = await db.query<EditionRow[]>(
    `select ${columns}, made_at from report_edition
     where study_instance_uid = $1 and model = $2 and generation = $3 and edition between $4 and $5 order by edition`,
    [key.studyInstanceUid, key.model, key.generation, from, to],
  );
  return rows.map(toReport);
}

/** Adds an edition: from now on the report says this, and every destination is due to hear it. */
export async function addEdition(tx: Tx, report: Report, destinations: readonly string[]): Promise<void> {
  const { studyInstanceUid, model, generation, edition, state, answer, review } = report;
  const key = [studyInstanceUid, model, generation];
  const { revision } = answer.study;
  const version = answer.model?.version ?? '';
  await tx.query(
    `insert into report_edition (${columns}, revision, version) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      ...key,
      edition,
      state,
      JSON.stringify(answer),
      JSON.stringify(review),
      report.reason ?? null,
      report.withdrawnBecause ?? null,
      report.traceparent ?? null,
      revision,
      version,
    ],
  );
  await tx.query(
    `insert into report (study_instance_uid, model, generation, edition, state, revision, version)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (study_instance_uid, model, generation) do update
     set edition = excluded.edition, state = excluded.state, revision = excluded.revision, version = excluded.version`,
    [...key, edition, state, revision, version],
  );
  await tx.query(
    `insert into delivery (study_instance_uid, model, generation, destination, status, edition)
     select $1, $2, $3, unnest($4::text[]), 'due', $5
     on conflict (study_instance_uid, model, generation, destination) do update
     set edition = excluded.edition, status = 'due', reason = null, attempt = 0, not_before = now(), changed_at = now()`,
    [...key, destinations, edition],
  );
}

function toReport(row: EditionRow): Report {
  const { verdicts, signature } = reviewSchema.parse(row.review);
  const withdrawnBecause = becauseSchema.parse(row.withdrawn_because);
  return {
    studyInstanceUid: row.study_instance_uid,
    model: row.model,
    generation: row.generation,
    edition: row.edition,
    state: z.enum(reportStates).parse(row.state),
    answer: inferenceCompletedSchema.parse(row.answer),
    review: { verdicts, ...(signature === undefined ? {} : { signature }) },
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(withdrawnBecause === null ? {} : { withdrawnBecause }),
    ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
    madeAt: row.made_at.toISOString(),
  };
}
