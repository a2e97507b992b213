import type { Patient, Priority } from '@sightline/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What the images say of a study, apart from its instances: the first word on each attribute stands. */
export interface StudyFacts {
  patient: Patient;
  accessionNumber?: string;
  issuerOfAccessionNumber?: string;
  description?: string;
  startedAt?: string;
  callingAeTitle?: string;
}

/** The row whose lock orders everything that happens to a study. */
@Entity('study')
export class StudyEntity {
  @PrimaryColumn({ name: 'study_instance_uid', type: 'text' })
  studyInstanceUid = '';

  @Column({ type: 'jsonb' })
  facts: StudyFacts = { patient: {} };

  @Column({ type: 'text' })
  priority: Priority = 'routine';
}
