import type { Uid, DicomHeader } from '@sightline/dicom';
import { type DataSource, inTransaction, type Tx } from '@sightline/persistence';
import type { Audit, Source } from './audit.ts';
import { InstanceEntity } from './instance.entity.ts';
import { isDeepStrictEqual } from 'node:util';
import { leaveOut, type LeaveOutReason } from './leave-out.ts';
import { moreUrgent, priorityOf } from './priority.ts';
import { RevisionEntity } from './revision.entity.ts';
import { StudyEntity, type StudyFacts } from './study.entity.ts';

/** An instance whose object is durable and has no row yet. */
export interface ReceivedInstance {
  header: DicomHeader;
  objectKey: string;
  size: number;
  sha256: string;
  dataSetSha256: string;
  source: Source;
}

export type Acceptance = { kind: 'accepted' } | { kind: 'duplicate'; identical: boolean };

/** Makes the row of an instance, and opens or extends the revision it belongs to, under the study row's lock. */
export class AcceptInstance {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: Audit,
    private readonly quietPeriodMs: number,
  ) {}

  /** Resolves after the commit: from then on the instance is never lost. Rejects where the database does not answer. */
  accept(received: ReceivedInstance): Promise<Acceptance> {
    return inTransaction(this.dataSource, (tx) => this.acceptIn(tx, received));
  }

  private async acceptIn(tx: Tx, received: ReceivedInstance): Promise<Acceptance> {
    const { header } = received;
    const study = await lockStudy(tx, header, received.source);
    const leftOut = leaveOut(header) ?? (differs(study.facts, header) ? 'patient-differs' : undefined);
    if (!(await insertInstance(tx, received, leftOut))) return this.meetDuplicate(tx, received);
    await this.extendFacts(tx, study, header, leftOut);
    await this.extendRevision(tx, header.studyInstanceUid, leftOut);
    const stored = { ...received, ...header };
    await this.audit.instanceStored(tx, stored, received.source);
    if (leftOut !== undefined) await this.audit.leftOut(tx, stored, leftOut);
    return { kind: 'accepted' };
  }

  /** Keeps the first of two instances with one SOP Instance UID. */
  private async meetDuplicate(tx: Tx, received: ReceivedInstance): Promise<Acceptance> {
    const first = await tx.findOneByOrFail(InstanceEntity, { sopInstanceUid: received.header.sopInstanceUid });
    const identical =
      first.dataSetSha256 === received.dataSetSha256 && first.transferSyntaxUid === received.header.transferSyntaxUid;
    if (!identical) await this.audit.duplicateDiffers(tx, { ...received, ...received.header }, received.source);
    return { kind: 'duplicate', identical };
  }

  /** Written only where the instance says something new: most of a series says the same. */
  private async extendFacts(
    tx: Tx,
    study: Study,
    header: DicomHeader,
    leftOut: LeaveOutReason | undefined,
  ): Promise<void> {
    const facts = leftOut === 'patient-differs' ? study.facts : withFacts(study.facts, header);
    const priority = moreUrgent(study.priority, priorityOf(header));
    if (isDeepStrictEqual(facts, study.facts) && priority === study.priority) return;
    await tx.update(StudyEntity, header.studyInstanceUid, { facts, priority });
  }

  /**
   * The open revision's quiet period begins again; without one, an image opens the next. What no model is shown opens only the
   * first, so that a study of nothing else is still announced, and our own output none.
   */
  private async extendRevision(tx: Tx, studyInstanceUid: Uid, leftOut: LeaveOutReason | undefined): Promise<void> {
    if (leftOut === 'own-output') return;
    const [, extended] = await tx.query<[unknown[], number]>(
      `update revision set last_received_at = clock_timestamp(), completes_at = clock_timestamp() + $2 * interval '1 ms'
       where study_instance_uid = $1 and state = 'receiving'`,
      [studyInstanceUid, this.quietPeriodMs],
    );
    if (extended > 0) return;
    const latest = (await tx.maximum(RevisionEntity, 'revision', { studyInstanceUid })) ?? 0;
    if (latest > 0 && leftOut !== undefined) return;
    await tx.query(
      `insert into revision (study_instance_uid, revision, state, first_received_at, last_received_at, completes_at)
       values ($1, $2, 'receiving', clock_timestamp(), clock_timestamp(), clock_timestamp() + $3 * interval '1 ms')`,
      [studyInstanceUid, latest + 1, this.quietPeriodMs],
    );
  }
}

type Study = Pick<StudyEntity, 'facts' | 'priority'>;

/** Makes the study's row or finds it, and holds its lock either way: whoever completes the study waits. */
async function lockStudy(tx: Tx, header: DicomHeader, source: Source): Promise<Study> {
  const facts: StudyFacts = { patient: {}, ...(source.kind === 'peer' && { callingAeTitle: source.name }) };
  const [study] = await tx.query<Study[]>(
    `insert into study (study_instance_uid, facts, priority) values ($1, $2, $3)
     on conflict (study_instance_uid) do update set priority = study.priority returning facts, priority`,
    [header.studyInstanceUid, JSON.stringify(withFacts(facts, header)), priorityOf(header)],
  );
  if (study === undefined) throw new Error('the row of the study was neither made nor found');
  return study;
}

/** False where the SOP Instance UID has its row already. */
async function insertInstance(
  tx: Tx,
  received: ReceivedInstance,
  leftOut: LeaveOutReason | undefined,
): Promise<boolean> {
  const { header } = received;
  const rows = await tx.query<unknown[]>(
    `insert into instance (sop_instance_uid, study_instance_uid, series_instance_uid, sop_class_uid, transfer_syntax_uid,
       modality, instance_number, object_key, size, sha256, data_set_sha256, left_out, received_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, clock_timestamp())
     on conflict (sop_instance_uid) do nothing returning sop_instance_uid`,
    [
      header.sopInstanceUid,
      header.studyInstanceUid,
      header.seriesInstanceUid,
      header.sopClassUid,
      header.transferSyntaxUid,
      header.modality,
      header.instanceNumber ?? null,
      received.objectKey,
      received.size,
      received.sha256,
      received.dataSetSha256,
      leftOut ?? null,
    ],
  );
  return rows.length > 0;
}

/** The first word on each attribute stands; later instances only fill what was not said. */
function withFacts(facts: StudyFacts, header: DicomHeader): StudyFacts {
  return {
    ...(header.accessionNumber !== undefined && { accessionNumber: header.accessionNumber }),
    ...(header.issuerOfAccessionNumber !== undefined && { issuerOfAccessionNumber: header.issuerOfAccessionNumber }),
    ...(header.description !== undefined && { description: header.description }),
    ...(header.studyStartedAt !== undefined && { startedAt: header.studyStartedAt }),
    ...facts,
    patient: { ...header.patient, ...facts.patient },
  };
}

/** Two patients under one study UID: nobody may mix their images. */
function differs({ patient }: StudyFacts, header: DicomHeader): boolean {
  if (patient.id === undefined || header.patient.id === undefined) return false;
  const issuers = patient.issuer !== undefined && header.patient.issuer !== undefined;
  return patient.id !== header.patient.id || (issuers && patient.issuer !== header.patient.issuer);
}
