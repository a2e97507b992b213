import type { DicomHeader } from '@sightline/dicom';
import { type DataSource, inTransaction, type Tx } from '@sightline/persistence';
import type { Audit, Source } from './audit.ts';
import { InstanceEntity } from './instance.entity.ts';
import { isDeepStrictEqual } from 'node:util';
import { extendRevision } from './extend-revision.ts';
import { leaveOut, type LeaveOutReason } from './leave-out.ts';
import { moreUrgent, priorityOf } from './priority.ts';
import type { Note } from './read-note.ts';
import { isRejected, type RejectInstances } from './reject-instances.ts';
import { StudyEntity, type StudyFacts } from './study.entity.ts';

/** An instance whose object is durable and has no row yet. */
export interface ReceivedInstance {
  header: DicomHeader;
  objectKey: string;
  size: number;
  sha256: string;
  dataSetSha256: string;
  source: Source;
  /** What it says where it may take other instances back. */
  note?: Note;
}

export type Acceptance = { kind: 'accepted' } | { kind: 'duplicate'; identical: boolean };

/** Makes the row of an instance, and opens or extends the revision it belongs to, under the study row's lock. */
export class AcceptInstance {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: Audit,
    private readonly rejections: RejectInstances,
    private readonly quietPeriodMs: number,
  ) {}

  /** Resolves after the commit: from then on the instance is never lost. Rejects where the database does not answer. */
  accept(received: ReceivedInstance): Promise<Acceptance> {
    return inTransaction(this.dataSource, (tx) => this.acceptIn(tx, received));
  }

  private async acceptIn(tx: Tx, received: ReceivedInstance): Promise<Acceptance> {
    const { header, source } = received;
    const study = await lockStudies(tx, received);
    const leftOut =
      leaveOut(header) ??
      (differs(study.facts, header) ? 'patient-differs' : undefined) ??
      ((await isRejected(tx, header)) ? 'rejected' : undefined);
    if (!(await insertInstance(tx, received, leftOut))) return this.meetDuplicate(tx, received);
    await this.extendFacts(tx, study, received, leftOut);
    if (leftOut !== 'own-output') {
      const opens = leftOut === undefined ? 'next' : 'first';
      await extendRevision(tx, header.studyInstanceUid, { opens, quietPeriodMs: this.quietPeriodMs });
    }
    const stored = { ...received, ...header };
    await this.audit.instanceStored(tx, stored, source);
    if (leftOut !== undefined) await this.audit.leftOut(tx, stored, leftOut);
    await this.heed(tx, received);
    return { kind: 'accepted' };
  }

  private async heed(tx: Tx, { header, note }: ReceivedInstance): Promise<void> {
    if (note?.kind === 'rejection') await this.rejections.reject(tx, header.sopInstanceUid, note);
    if (note?.kind === 'unread') await this.audit.noteNotRead(tx, header, note.reason);
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
    { header, source }: ReceivedInstance,
    leftOut: LeaveOutReason | undefined,
  ): Promise<void> {
    const isTrusted = leftOut !== 'patient-differs' && leftOut !== 'rejected';
    const facts = isTrusted ? withFacts(study.facts, header, source) : study.facts;
    const priority = moreUrgent(study.priority, priorityOf(header));
    if (isDeepStrictEqual(facts, study.facts) && priority === study.priority) return;
    await tx.update(StudyEntity, header.studyInstanceUid, { facts, priority });
  }
}

type Study = Pick<StudyEntity, 'facts' | 'priority'>;

/** Of a study that has its row only because a note named it. */
const nothingSaid: StudyFacts = { patient: {} };

/**
 * Makes the study's row or finds it, and holds its lock either way: whoever completes the study waits. Of a note, the rows of all
 * studies that it names, in one order for everybody.
 */
async function lockStudies(tx: Tx, { header: { studyInstanceUid }, note }: ReceivedInstance): Promise<Study> {
  const named = note?.kind === 'rejection' ? note.instances.map((instance) => instance.studyInstanceUid) : [];
  let own: Study | undefined;
  for (const uid of new Set([studyInstanceUid, ...named].toSorted())) {
    const [study] = await tx.query<Study[]>(
      `insert into study (study_instance_uid, facts, priority) values ($1, $2, 'routine')
       on conflict (study_instance_uid) do update set priority = study.priority returning facts, priority`,
      [uid, JSON.stringify(nothingSaid)],
    );
    if (uid === studyInstanceUid) own = study;
  }
  if (own === undefined) throw new Error('the row of the study was neither made nor found');
  return own;
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

/** The first word on each attribute stands; later instances only fill what was not said. Who sent the first is kept with it. */
function withFacts(facts: StudyFacts, header: DicomHeader, source: Source): StudyFacts {
  const isFirst = isDeepStrictEqual(facts, nothingSaid);
  return {
    ...(header.accessionNumber !== undefined && { accessionNumber: header.accessionNumber }),
    ...(header.issuerOfAccessionNumber !== undefined && { issuerOfAccessionNumber: header.issuerOfAccessionNumber }),
    ...(header.description !== undefined && { description: header.description }),
    ...(header.studyStartedAt !== undefined && { startedAt: header.studyStartedAt }),
    ...(isFirst && source.kind === 'peer' && { callingAeTitle: source.name }),
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
