import type { AuditRecorded } from '@sightline/contracts';
import { codes, concept } from '@sightline/findings';
import type { Outbox } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { randomUUID } from 'node:crypto';
import type { LeaveOutReason } from './leave-out.ts';

/** Who brought an instance, as far as the connection says. */
export interface Source {
  kind: 'peer' | 'person';
  /** AE title, or subject of the access token. */
  name: string;
  role?: string;
  address?: string;
}

type Event = Omit<AuditRecorded, 'app' | 'recordedAt'>;

/** Writes this app's audit events in the transaction that makes them true. */
export class Audit {
  constructor(private readonly outbox: Outbox<Tx>) {}

  async instanceStored(tx: Tx, instance: StoredInstance, source: Source): Promise<void> {
    await this.add(tx, {
      ...transferred(instance, source),
      id: `audit/instance-stored/${instance.sopInstanceUid}`,
      outcome: '0',
    });
  }

  /** Another instance under a UID that is taken: the first is kept. */
  async duplicateDiffers(tx: Tx, instance: StoredInstance, source: Source): Promise<void> {
    await this.add(tx, {
      ...transferred(instance, source),
      id: `audit/instance-differs/${instance.sopInstanceUid}/${instance.dataSetSha256}`,
      outcome: '4',
      outcomeText: 'an instance with this SOP Instance UID and other content was stored before; the first is kept',
    });
  }

  async transferRefused(tx: Tx, subject: string, source: Source, reason: string): Promise<void> {
    await this.add(tx, {
      id: `audit/transfer-refused/${randomUUID()}`,
      subject,
      type: concept(codes.dicom.dicomInstancesTransferred),
      action: 'C',
      outcome: '4',
      outcomeText: reason,
      agent: source,
      entities: [],
    });
  }

  async leftOut(tx: Tx, instance: StoredInstance, reason: LeaveOutReason): Promise<void> {
    await this.add(tx, {
      id: `audit/instance-left-out/${instance.sopInstanceUid}`,
      subject: instance.studyInstanceUid,
      type: concept(codes.local.instanceLeftOut),
      action: 'E',
      outcome: '0',
      outcomeText: reason,
      agent: app,
      entities: [
        { kind: 'study', id: instance.studyInstanceUid },
        { kind: 'instance', id: instance.sopInstanceUid, detail: reason },
      ],
    });
  }

  async instancesRejected(
    tx: Tx,
    rejection: {
      studyInstanceUid: string;
      noteSopInstanceUid: string;
      reason: string;
      instances: readonly string[];
    },
  ): Promise<void> {
    const { studyInstanceUid, noteSopInstanceUid, reason, instances } = rejection;
    await this.add(tx, {
      id: `audit/instances-rejected/${studyInstanceUid}/${noteSopInstanceUid}`,
      subject: studyInstanceUid,
      type: concept(codes.local.instancesRejected),
      action: 'U',
      outcome: '0',
      outcomeText: reason,
      agent: app,
      entities: [
        { kind: 'study', id: studyInstanceUid },
        { kind: 'instance', id: noteSopInstanceUid, detail: 'the note' },
        ...instances.map((id) => ({ kind: 'instance' as const, id, detail: 'rejected' })),
      ],
    });
  }

  async noteNotRead(
    tx: Tx,
    { studyInstanceUid, sopInstanceUid }: Pick<StoredInstance, 'studyInstanceUid' | 'sopInstanceUid'>,
    reason: string,
  ): Promise<void> {
    await this.add(tx, {
      id: `audit/rejection-note-not-read/${sopInstanceUid}`,
      subject: studyInstanceUid,
      type: concept(codes.local.instancesRejected),
      action: 'U',
      outcome: '4',
      outcomeText: reason,
      agent: app,
      entities: [
        { kind: 'study', id: studyInstanceUid },
        { kind: 'instance', id: sopInstanceUid, detail: 'the note' },
      ],
    });
  }

  async studyCompleted(tx: Tx, studyInstanceUid: string, revision: number, instances: number): Promise<void> {
    await this.add(tx, {
      id: `audit/study-completed/${studyInstanceUid}/${revision}`,
      subject: studyInstanceUid,
      type: concept(codes.local.studyCompleted),
      action: 'U',
      outcome: '0',
      agent: app,
      entities: [{ kind: 'study', id: studyInstanceUid, detail: `revision ${revision}, ${instances} instances` }],
    });
  }

  async inferenceRequested(tx: Tx, studyInstanceUid: string, revision: number, model: string): Promise<void> {
    await this.add(tx, {
      id: `audit/inference-requested/${studyInstanceUid}/${revision}/${model}`,
      subject: studyInstanceUid,
      type: concept(codes.local.inferenceRequested),
      action: 'E',
      outcome: '0',
      agent: app,
      entities: [
        { kind: 'study', id: studyInstanceUid, detail: `revision ${revision}` },
        { kind: 'model', id: model },
      ],
    });
  }

  async inferenceSkipped(tx: Tx, studyInstanceUid: string, revision: number, reason: string): Promise<void> {
    await this.add(tx, {
      id: `audit/inference-skipped/${studyInstanceUid}/${revision}`,
      subject: studyInstanceUid,
      type: concept(codes.local.inferenceSkipped),
      action: 'E',
      outcome: '0',
      outcomeText: reason,
      agent: app,
      entities: [{ kind: 'study', id: studyInstanceUid, detail: `revision ${revision}` }],
    });
  }

  private async add(tx: Tx, event: Event): Promise<void> {
    const body: AuditRecorded = { ...event, app: 'dicom-ingest', recordedAt: new Date().toISOString() };
    await this.outbox.add(tx, 'audit.recorded.v1', body);
  }
}

/** What identifies a stored instance in the audit. */
export interface StoredInstance {
  studyInstanceUid: string;
  sopInstanceUid: string;
  dataSetSha256: string;
}

const app = { kind: 'app', name: 'dicom-ingest' } as const;

function transferred(instance: StoredInstance, source: Source): Omit<Event, 'id' | 'outcome'> {
  return {
    subject: instance.studyInstanceUid,
    type: concept(codes.dicom.dicomInstancesTransferred),
    action: 'C',
    agent: source,
    entities: [
      { kind: 'study', id: instance.studyInstanceUid },
      { kind: 'instance', id: instance.sopInstanceUid },
    ],
  };
}
