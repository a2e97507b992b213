import type { InferenceRequested, RequestRole, Worker } from '@sightline/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One model version asked to read one selection of a study's instances. */
@Entity('request')
export class RequestEntity {
  @PrimaryColumn({ name: 'study_instance_uid', type: 'text' })
  studyInstanceUid = '';

  @PrimaryColumn({ type: 'integer' })
  revision = 1;

  @PrimaryColumn({ name: 'model_name', type: 'text' })
  modelName = '';

  @PrimaryColumn({ name: 'model_version', type: 'text' })
  modelVersion = '';

  @Column({ type: 'text' })
  role: RequestRole = 'primary';

  @Column({ type: 'text' })
  worker: Worker = 'xray';

  /** sha256 over what the model was shown; the same again is not asked again. */
  @Column({ name: 'selection_sha256', type: 'text' })
  selectionSha256 = '';

  /** Unanswered then, the request is emitted again and the deadline moves on. */
  @Column({ name: 'due_at', type: 'timestamptz' })
  dueAt = new Date(0);

  @Column({ type: 'integer' })
  emissions = 1;

  @Column({ type: 'jsonb' })
  body: InferenceRequested | null = null;

  @Column({ name: 'answered_at', type: 'timestamptz', nullable: true })
  answeredAt: Date | null = null;

  @Column({ type: 'text', nullable: true })
  outcome: string | null = null;
}
