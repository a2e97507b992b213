import type { Failure } from '@sightline/contracts';
import type { PatientOfImages } from '@sightline/findings';
import { identifierQuery, patientFromImages } from '@sightline/fhir';
import { failed } from '@sightline/messaging';
import type { Identifier, Patient } from '@medplum/fhirtypes';
import type { Errand, QuarantineReason } from '../deliveries/destination.ts';
import type { FhirAnswer, FhirClient } from './fhir-client.ts';
import type { FindTogether } from './find-together.ts';
import type { Issuers } from './issuers.ts';
import { disagreement } from './patient-agreement.ts';
import { carriesNow, standingOf } from './record-standing.ts';

export type Resolution =
  | { kind: 'patient'; record: Patient; created: boolean }
  | { kind: 'quarantine'; reason: QuarantineReason }
  | { kind: 'failed'; failure: Failure; retryAfterMs?: number };

/** Chains of replaced records longer than this are somebody's mistake. */
const mostReplacements = 5;

/** Finds the one record the images are about, or says why none is safe to file to. */
export class ResolvePatient {
  constructor(
    private readonly fhir: FhirClient,
    private readonly records: FindTogether<Patient>,
    private readonly issuers: Issuers,
    private readonly rule: 'resolve' | 'create',
  ) {}

  async resolve(patient: PatientOfImages, callingAeTitle: string | undefined, errand: Errand): Promise<Resolution> {
    const { id, issuer } = patient;
    if (id === undefined || id.trim() === '') return { kind: 'quarantine', reason: 'patient-id-missing' };
    const system = this.issuers.systemOf(issuer, callingAeTitle);
    if (system === undefined) return { kind: 'quarantine', reason: 'issuer-unknown' };
    const identifier = { system, value: id.trim() };
    const found = await this.find(identifier, patient, errand);
    if (found.kind !== 'quarantine' || found.reason !== 'no-such-patient' || this.rule === 'resolve') return found;
    return this.create(identifier, patient, errand);
  }

  /** Created on the condition that nobody else did, then looked up like any other: a race ends in one agreeing record. */
  private async create(identifier: Identifier, patient: PatientOfImages, errand: Errand): Promise<Resolution> {
    const created = await this.fhir.createUnlessThere(
      patientFromImages(identifier, patient),
      identifierQuery(identifier),
      errand,
    );
    if (created.kind === 'failed') return created;
    if (created.kind === 'ok' && created.status === 201 && created.body.id !== undefined) {
      return { kind: 'patient', record: created.body, created: true };
    }
    return this.find(identifier, patient, errand);
  }

  private async find(identifier: Identifier, patient: PatientOfImages, errand: Errand): Promise<Resolution> {
    const search = await this.records.find(identifier, errand);
    if (search.kind !== 'ok') return notFound(search);
    const hits = search.body.filter((one) => carriesNow(one, identifier));
    const current = new Map<string, Patient>();
    for (const hit of hits) {
      const followed = await this.follow(hit, errand);
      if (followed.kind === 'failed') return followed;
      if (followed.kind === 'record') current.set(followed.record.id ?? '', followed.record);
    }
    const [record, ...others] = current.values();
    if (others.length > 0) return { kind: 'quarantine', reason: 'several-patients' };
    if (record === undefined)
      return { kind: 'quarantine', reason: hits.length === 0 ? 'no-such-patient' : 'record-not-active' };
    const reason = disagreement(record, patient, this.rule === 'create');
    return reason === undefined ? { kind: 'patient', record, created: false } : { kind: 'quarantine', reason };
  }

  /** The record that counts now: `replaced-by` is followed, and what is no longer active counts for nothing. */
  private async follow(
    hit: Patient,
    errand: Errand,
  ): Promise<{ kind: 'record'; record: Patient } | { kind: 'none' } | Extract<Resolution, { kind: 'failed' }>> {
    let record = hit;
    for (let step = 0; step < mostReplacements; step++) {
      const standing = standingOf(record, this.fhir.baseUrl);
      if (standing.kind === 'current') return { kind: 'record', record };
      if (standing.kind === 'not-current') return { kind: 'none' };
      const read = await this.fhir.read<Patient>(standing.by, errand);
      if (read.kind === 'failed') return read;
      if (read.kind !== 'ok') return { kind: 'none' };
      record = read.body;
    }
    return { kind: 'none' };
  }
}

function notFound(answer: Exclude<FhirAnswer<unknown>, { kind: 'ok' }>): Resolution {
  return answer.kind === 'failed' ? answer : failed('unavailable', 'FHIR server could not search patients');
}
