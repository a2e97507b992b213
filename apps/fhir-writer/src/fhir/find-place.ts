import type { Patient } from '@medplum/fhirtypes';
import type { Errand, Telling, ToTell } from '../deliveries/destination.ts';
import type { FhirClient } from './fhir-client.ts';
import type { FindOrder } from './find-order.ts';
import { standingOf } from './record-standing.ts';
import type { ResolvePatient } from './resolve-patient.ts';

type Elsewhere = Exclude<Telling, { kind: 'told' }>;

/** The record the images are about. */
export type Whom = { kind: 'patient'; record: Patient; created: boolean } | Elsewhere;

/** What ordered it, and the encounter that was in. */
export type OrderedBy = { kind: 'ordered'; orders: string[]; encounter?: string } | Elsewhere;

/** Says where in a chart a report belongs, or why nobody can say for sure. */
export class FindPlace {
  constructor(
    private readonly fhir: FhirClient,
    private readonly patients: ResolvePatient,
    private readonly orders: FindOrder,
  ) {}

  async whom({ set, callingAeTitle, patient }: ToTell, errand: Errand): Promise<Whom> {
    if (patient !== undefined) return this.named(patient, errand);
    const found = await this.patients.resolve(set.study.patient, callingAeTitle, errand);
    return found.kind === 'quarantine' ? { kind: 'quarantined', reason: found.reason } : found;
  }

  async orderedBy({ set, callingAeTitle }: ToTell, patient: string, errand: Errand): Promise<OrderedBy> {
    const order = await this.orders.find(set.study, patient, callingAeTitle, errand);
    switch (order.kind) {
      case 'order':
        return { ...order, kind: 'ordered' };
      case 'quarantine':
        // What is to be taken back is taken back wherever it stands.
        if (set.state === 'withdrawn') return { kind: 'ordered', orders: [] };
        return { kind: 'quarantined', reason: order.reason };
      case 'failed':
        return order;
    }
  }

  /** The record that a person decided on; it has to be one. */
  private async named(reference: string, errand: Errand): Promise<Whom> {
    const read = await this.fhir.read<Patient>(reference, errand);
    if (read.kind === 'failed') return read;
    if (read.kind !== 'ok') return { kind: 'quarantined', reason: 'no-such-patient' };
    if (standingOf(read.body, this.fhir.baseUrl).kind !== 'current') {
      return { kind: 'quarantined', reason: 'record-not-active' };
    }
    return { kind: 'patient', record: read.body, created: false };
  }
}
