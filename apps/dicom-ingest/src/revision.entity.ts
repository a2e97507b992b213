import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { StudyState } from './study-state.ts';

/** Revision n of a study; its instances are those first seen in revisions 1…n. */
@Entity('revision')
export class RevisionEntity {
  @PrimaryColumn({ name: 'study_instance_uid', type: 'text' })
  studyInstanceUid = '';

  @PrimaryColumn({ type: 'integer' })
  revision = 1;

  @Column({ type: 'text' })
  state: StudyState = 'receiving';

  @Column({ name: 'first_received_at', type: 'timestamptz' })
  firstReceivedAt = new Date(0);

  @Column({ name: 'last_received_at', type: 'timestamptz' })
  lastReceivedAt = new Date(0);

  /** End of the quiet period. */
  @Column({ name: 'completes_at', type: 'timestamptz' })
  completesAt = new Date(0);

  @Column({ name: 'completed_at', type: 'timestamptz', nullable: true })
  completedAt: Date | null = null;
}
