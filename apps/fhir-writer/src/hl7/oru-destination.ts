import { findingSchema, isCritical, type Finding, type ResultSet } from '@sightline/findings';
import { failed } from '@sightline/messaging';
import { controlIdOf, resultMessage, type PatientOfMessage, type ResultContext } from '@sightline/hl7v2';
import type { Patient } from '@medplum/fhirtypes';
import { z } from 'zod';
import { Destination, notNoted, type Errand, type Telling, type ToTell } from '../deliveries/destination.ts';
import { digest } from '../digest.ts';
import type { MllpDestination } from './mllp-destination.ts';
import { patientOfMessage } from './patient-of-message.ts';

/** Who can say whose a report is: a FHIR destination, since a message carries no way to ask. */
export interface WhosePatient {
  identify(
    report: ToTell,
    errand: Errand,
  ): Promise<{ kind: 'identified'; patient: Patient; orders: readonly string[] } | Exclude<Telling, { kind: 'told' }>>;
}

const patientSchema = z.object({
  identifiers: z.tuple(
    [
      z.object({
        value: z.string(),
        authority: z.record(z.string(), z.string()).optional(),
        type: z.string().optional(),
      }),
    ],
    z.object({
      value: z.string(),
      authority: z.record(z.string(), z.string()).optional(),
      type: z.string().optional(),
    }),
  ),
  name: z
    .object({
      family: z.string().optional(),
      given: z.array(z.string()).optional(),
      prefix: z.string().optional(),
      suffix: z.string().optional(),
    })
    .optional(),
  birthDate: z.string().optional(),
  sex: z.enum(['M', 'F', 'O', 'U']).optional(),
});

/** What was told last: as whose, and which findings. */
const toldSchema = z.object({ patient: patientSchema, findings: z.array(findingSchema) });

export interface OruDestinationParts {
  name: string;
  mllp: MllpDestination;
  whose: WhosePatient;
  message: Pick<ResultContext, 'sending' | 'receiving' | 'processingId' | 'onlyReport'>;
}

/** How long readiness asks whether a connection can be had. */
const reachMs = 2_000;

/** An older system that takes results as HL7 v2.5.1 ORU^R01. The same edition is the same message, however often it is sent. */
export class OruDestination extends Destination {
  readonly name: string;
  /** Messages of one connection go one after the other. */
  readonly atOnce = 1;

  constructor(private readonly parts: OruDestinationParts) {
    super();
    this.name = parts.name;
  }

  reach(): Promise<void> {
    return this.parts.mllp.reach(AbortSignal.timeout(reachMs));
  }

  async tell(report: ToTell, errand: Errand): Promise<Telling> {
    const { set } = report;
    const before = report.memory ?? report.begun;
    const told = before === undefined ? undefined : toldSchema.parse(before);
    const patient = await this.patient(report, told?.patient, errand);
    if (!('identifiers' in patient)) return patient;
    const controlId = controlIdOf(set, this.name, digest);
    const context: ResultContext = {
      ...this.parts.message,
      patient,
      controlId,
      ...orderOf(set),
      critical: set.findings.filter(isCritical).map(({ trackingUid }) => trackingUid),
      noLongerFound: noLongerFound(set, told?.findings ?? []),
    };
    const memory = { patient, findings: set.findings };
    if (told === undefined && !(await report.begin(memory))) return failed('unavailable', notNoted);
    const sent = await this.parts.mllp.send(resultMessage(set, context, digest), controlId, errand.signal);
    switch (sent.kind) {
      case 'accepted':
        return {
          kind: 'told',
          told: {
            memory,
            how: told === undefined ? 'created' : 'updated',
            patientCreated: false,
          },
        };
      case 'rejected':
        return failed('invalid-input', `${sent.code}: ${sent.text}`);
      case 'failed':
        return sent;
    }
  }

  /** What was told as somebody's is changed and taken back as the same person's. */
  private async patient(
    report: ToTell,
    told: PatientOfMessage | undefined,
    errand: Errand,
  ): Promise<PatientOfMessage | Exclude<Telling, { kind: 'told' }>> {
    if (told !== undefined) return told;
    const whose = await this.parts.whose.identify(report, errand);
    if (whose.kind !== 'identified') return whose;
    if (report.set.state === 'refused' && whose.orders.length === 0) {
      return { kind: 'not-needed', reason: 'nobody ordered it' };
    }
    return patientOfMessage(whose.patient) ?? { kind: 'quarantined', reason: 'patient-id-missing' };
  }
}

function orderOf({ study: { accessionNumber, issuerOfAccessionNumber } }: ResultSet): Pick<ResultContext, 'order'> {
  if (accessionNumber === undefined) return {};
  const authority = issuerOfAccessionNumber === undefined ? {} : { authority: { namespace: issuerOfAccessionNumber } };
  return { order: { accession: { value: accessionNumber, ...authority } } };
}

function noLongerFound(set: ResultSet, before: readonly Finding[]): Finding[] {
  return before.filter((one) => !set.findings.some(({ trackingUid }) => trackingUid === one.trackingUid));
}
