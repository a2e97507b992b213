import type { Failure, StudyContext } from '@sightline/contracts';
import { identifierQuery, patientFromImages } from '@sightline/fhir';
import type { Identifier, Patient } from '@medplum/fhirtypes';
import type { Errand, FhirAnswer, FhirClient } from './fhir-client.ts';
import type { Issuers } from './issuers.ts';
import { disagreement, type Disagreement } from './patient-agreement.ts';

export type QuarantineReason =
  | Disagreement
  | 'patient-id-missing'
  | 'issuer-unknown'
  | 'no-such-patient'
  | 'several-patients'
  | 'record-not-active'
  | 'study-of-another-patient'
  | 'several-imaging-studies';

export type Resolution =
  | { kind: 'patient'; reference: string; created: boolean }
  | { kind: 'quarantine'; reason: QuarantineReason }
  | { kind: 'failed'; failure: Failure };

/** Chains of replaced records longer than this are somebody's mistake. */
const mostReplacements = 5;

/** Finds the one record the images are about, or says why none is safe to file to. */
export class ResolvePatient {
  constructor(
    private readonly fhir: FhirClient,
    private readonly issuers: Issuers,
    private readonly rule: 'resolve' | 'create',
  ) {}

  async resolve(study: StudyContext, errand: Errand): Promise<Resolution> {
    const { id, issuer } = study.patient;
    if (id === undefined || id.trim() === '') return { kind: 'quarantine', reason: 'patient-id-missing' };
    const system = this.issuers.systemOf(issuer, study.callingAeTitle);
    if (system === undefined) return { kind: 'quarantine', reason: 'issuer-unknown' };
    const identifier = { system, value: id.trim() };
    const found = await this.find(identifier, study, errand);
    if (found.kind !== 'quarantine' || found.reason !== 'no-such-patient' || this.rule === 'resolve') return found;
    return this.create(identifier, study, errand);
  }

  /** Created on the condition that nobody else did, then looked up like any other: a race ends in one agreeing record. */
  private async create(identifier: Identifier, study: StudyContext, errand: Errand): Promise<Resolution> {
    const created = await this.fhir.createUnlessThere(
      patientFromImages(identifier, study.patient),
      identifierQuery(identifier),
      errand,
    );
    if (created.kind === 'failed') return created;
    if (created.kind === 'ok' && created.status === 201 && created.body.id !== undefined) {
      return { kind: 'patient', reference: `Patient/${created.body.id}`, created: true };
    }
    return this.find(identifier, study, errand);
  }

  private async find({ system, value }: Identifier, study: StudyContext, errand: Errand): Promise<Resolution> {
    const search = await this.fhir.search<Patient>(
      'Patient',
      { identifier: `${system}|${escapeToken(value ?? '')}` },
      errand,
    );
    if (search.kind !== 'ok') return notFound(search);
    const hits = (search.body.entry ?? []).flatMap(({ resource }) =>
      resource?.resourceType === 'Patient' ? [resource] : [],
    );
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
    const reason = disagreement(record, study.patient, this.rule === 'create');
    return reason === undefined
      ? { kind: 'patient', reference: `Patient/${record.id ?? ''}`, created: false }
      : { kind: 'quarantine', reason };
  }

  /** The record that counts now: `replaced-by` is followed, and what is no longer active counts for nothing. */
  private async follow(
    hit: Patient,
    errand: Errand,
  ): Promise<{ kind: 'record'; record: Patient } | { kind: 'none' } | { kind: 'failed'; failure: Failure }> {
    let record = hit;
    for (let step = 0; step < mostReplacements; step++) {
      const next = record.link?.find(({ type }) => type === 'replaced-by')?.other?.reference;
      if (next === undefined) return record.active === false ? { kind: 'none' } : { kind: 'record', record };
      const read = await this.fhir.read<Patient>(next.split('/').slice(-2).join('/'), errand);
      if (read.kind === 'failed') return read;
      if (read.kind !== 'ok') return { kind: 'none' };
      record = read.body;
    }
    return { kind: 'none' };
  }
}

/** In a token parameter, `,` `|` `$` and `\` separate (R4 search, 3.1.1.4.0.1). */
function escapeToken(value: string): string {
  return value.replaceAll(/[\\,|$]/g, (found) => `\\${found}`);
}

function notFound(answer: Exclude<FhirAnswer<unknown>, { kind: 'ok' }>): Resolution {
  return answer.kind === 'failed'
    ? answer
    : { kind: 'failed', failure: { kind: 'unavailable', message: 'FHIR server could not search patients' } };
}
