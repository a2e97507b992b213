import type { Failure, InferenceCompleted, Release } from '@sightline/contracts';
import { isUntouched } from '@sightline/findings';
import { compareAnswers } from './answer-order.ts';
import type { Errand } from './fhir-client.ts';
import type { FilingStore } from './filing-store.ts';
import type { KnownModels } from './known-models.ts';
import { resultSetOf, type Findings } from './result-set-of.ts';
import type { QuarantineReason, ResolvePatient } from './resolve-patient.ts';
import type { Filed, WriteReport } from './write-report.ts';

export type Decision =
  | { kind: 'filed'; filed: Filed; patientCreated: boolean }
  | { kind: 'not-filed'; reason: 'shadow' | 'skipped' | 'failed' }
  | { kind: 'superseded' }
  | { kind: 'held'; reason: Exclude<Release, 'immediate'> }
  | { kind: 'quarantined'; reason: QuarantineReason }
  | { kind: 'failed'; failure: Failure };

export interface FilingParts {
  store: FilingStore;
  models: KnownModels;
  patients: ResolvePatient;
  reports: WriteReport;
  releaseOverride: Release | undefined;
  siteTimezone: string;
}

/** Decides what becomes of an answer, and brings it into the chart where it belongs there. Leaves no row of ours. */
export class DecideFiling {
  constructor(private readonly parts: FilingParts) {}

  async decide(answer: InferenceCompleted, errand: Errand): Promise<Decision> {
    if (answer.role !== 'primary') return { kind: 'not-filed', reason: 'shadow' };
    switch (answer.outcome.kind) {
      case 'skipped':
      case 'failed':
        return { kind: 'not-filed', reason: answer.outcome.kind };
      case 'findings':
        return this.file({ ...answer, outcome: answer.outcome }, errand);
    }
  }

  private async file(answer: Findings, errand: Errand): Promise<Decision> {
    const { study, model: reference } = answer;
    if (reference === undefined) return failed('invalid-input', 'findings without the model that made them');
    const model = await this.parts.models.find(reference);
    // Readers are deployed before writers, but not always in time: the manifest comes with the next deployment.
    if (model === undefined)
      return failed('unavailable', `no manifest of ${reference.name}@${reference.version} here yet`);
    const release = this.parts.releaseOverride ?? model.manifest.release;
    const newest = await this.parts.store.newestReport(study.studyInstanceUid, reference.name);
    const order =
      newest === undefined ? -1 : compareAnswers(newest, { revision: study.revision, version: reference.version });
    const untouched = newest === undefined || isUntouched(newest.state);
    if (order > 0 || (order === 0 && !untouched)) return { kind: 'superseded' };
    if (release !== 'immediate') return { kind: 'held', reason: release };

    const patient = await this.parts.patients.resolve(study, errand);
    if (patient.kind === 'failed') return patient;
    if (patient.kind === 'quarantine') return { kind: 'quarantined', reason: patient.reason };

    const generation = (newest?.generation ?? 1) + (untouched ? 0 : 1);
    const set = resultSetOf(answer, model, this.parts.siteTimezone, { generation, patient: patient.reference });
    const written = await this.parts.reports.write(set, errand);
    switch (written.kind) {
      case 'filed':
        return { kind: 'filed', filed: written.filed, patientCreated: patient.created };
      case 'quarantine':
        return { kind: 'quarantined', reason: written.reason };
      case 'superseded':
      case 'failed':
        return written;
    }
  }
}

function failed(kind: Failure['kind'], message: string): Decision {
  return { kind: 'failed', failure: { kind, message } };
}
