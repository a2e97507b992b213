import type { Failure } from '@sightline/contracts';
import type { StudyOfResult } from '@sightline/findings';
import type { ServiceRequest } from '@medplum/fhirtypes';
import type { Errand, QuarantineReason } from '../deliveries/destination.ts';
import type { FindTogether } from './find-together.ts';
import type { Issuers } from './issuers.ts';
import { localReference } from './search-result.ts';

export type Order =
  | { kind: 'order'; orders: string[]; encounter?: string }
  | { kind: 'quarantine'; reason: QuarantineReason }
  | { kind: 'failed'; failure: Failure; retryAfterMs?: number };

/**
 * What the study was ordered by: the requests that carry its accession number, under the issuer's identifier system. One that is
 * somebody else's says that the images are, too.
 */
export class FindOrder {
  constructor(
    private readonly requests: FindTogether<ServiceRequest>,
    private readonly baseUrl: string,
    private readonly issuers: Issuers,
  ) {}

  async find(
    study: StudyOfResult,
    patient: string,
    callingAeTitle: string | undefined,
    errand: Errand,
  ): Promise<Order> {
    const { issuerOfAccessionNumber } = study;
    // PS3.5 6.2: spaces around an SH are padding.
    const accessionNumber = study.accessionNumber?.trim() ?? '';
    const system = this.issuers.systemOf(issuerOfAccessionNumber, callingAeTitle);
    if (accessionNumber === '' || system === undefined) return { kind: 'order', orders: [] };
    const identifier = { system, value: accessionNumber };
    const search = await this.requests.find(identifier, errand);
    if (search.kind === 'failed') return search;
    if (search.kind !== 'ok') return { kind: 'order', orders: [] };
    const all = search.body;
    const found = all.filter(({ status }) => status !== 'entered-in-error');
    if (found.some(({ subject }) => localReference(subject, this.baseUrl) !== patient)) {
      return { kind: 'quarantine', reason: 'order-of-another-patient' };
    }
    // What the scanner was told of the patient came with that order, and somebody said since that it was wrong.
    if (all.length > 0 && found.length === 0) return { kind: 'quarantine', reason: 'order-entered-in-error' };
    const encounter = found.find((one) => one.encounter?.reference !== undefined)?.encounter?.reference;
    return {
      kind: 'order',
      orders: found.map(({ id }) => `ServiceRequest/${id ?? ''}`),
      ...(encounter === undefined ? {} : { encounter }),
    };
  }
}
