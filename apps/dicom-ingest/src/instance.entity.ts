import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { LeaveOutReason } from './leave-out.ts';

/** One accepted SOP Instance: its object exists and is durable. */
@Entity('instance')
export class InstanceEntity {
  @PrimaryColumn({ name: 'sop_instance_uid', type: 'text' })
  sopInstanceUid = '';

  @Column({ name: 'study_instance_uid', type: 'text' })
  studyInstanceUid = '';

  @Column({ name: 'series_instance_uid', type: 'text' })
  seriesInstanceUid = '';

  @Column({ name: 'sop_class_uid', type: 'text' })
  sopClassUid = '';

  @Column({ name: 'transfer_syntax_uid', type: 'text' })
  transferSyntaxUid = '';

  @Column({ type: 'text' })
  modality = '';

  @Column({ name: 'instance_number', type: 'bigint', nullable: true })
  instanceNumber: string | null = null;

  @Column({ name: 'object_key', type: 'text' })
  objectKey = '';

  @Column({ type: 'bigint' })
  size = '0';

  /** Of the Part 10 file. */
  @Column({ type: 'text' })
  sha256 = '';

  /** Of the data set alone: what tells a re-send from another instance under the same UID. */
  @Column({ name: 'data_set_sha256', type: 'text' })
  dataSetSha256 = '';

  @Column({ name: 'left_out', type: 'text', nullable: true })
  leftOut: LeaveOutReason | null = null;

  @Column({ name: 'received_at', type: 'timestamptz' })
  receivedAt = new Date(0);
}
