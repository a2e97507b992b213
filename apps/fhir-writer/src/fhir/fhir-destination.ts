import type { Change, Definitions, ResultInChart } from '@sightline/fhir';
import type { Bundle, Patient } from '@medplum/fhirtypes';
import { Destination, type Errand, type Telling, type ToTell, type Whose } from '../deliveries/destination.ts';
import { BringToChart } from './bring-to-chart.ts';
import type { Capabilities, Plan } from './capabilities.ts';
import { ChartFeedback } from './chart-feedback.ts';
import type { FhirClient } from './fhir-client.ts';
import type { FindOrder } from './find-order.ts';
import { FindPlace } from './find-place.ts';
import { KnownCapabilities } from './known-capabilities.ts';
import { LookAtChart } from './look-at-chart.ts';
import type { ResolvePatient } from './resolve-patient.ts';
import { begunHereSchema, toldHereSchema } from './told-here.ts';
import type { Turns } from './turns.ts';
import { WriteInSequence, writeInTransaction, type Wrote } from './write-changes.ts';

type Elsewhere = Exclude<Telling, { kind: 'told' }>;

export interface FhirDestinationParts {
  name: string;
  turns: Turns;
  attempts: number;
  fhir: FhirClient;
  patients: ResolvePatient;
  orders: FindOrder;
  plan: 'auto' | Exclude<Plan, 'none'>;
  /** R4's own, which what is sent is held to. */
  definitions: Definitions;
  /** What is said with every report here. */
  inChart: Pick<ResultInChart, 'onlyReport' | 'endpoint' | 'organization'>;
}

/** A chart behind an R4 endpoint. A report is brought there once, however often and by however many it is tried. */
export class FhirDestination extends Destination {
  readonly name: string;
  override readonly attempts: number;
  /** What people make of reports in this chart. */
  readonly feedback: ChartFeedback;
  private readonly capabilities: KnownCapabilities;
  private readonly places: FindPlace;
  private readonly chart: LookAtChart;
  private readonly charts: BringToChart;

  constructor(private readonly parts: FhirDestinationParts) {
    super();
    this.name = parts.name;
    this.attempts = parts.attempts;
    const { fhir, definitions, turns } = parts;
    this.capabilities = new KnownCapabilities(fhir);
    this.places = new FindPlace(fhir, parts.patients, parts.orders);
    this.chart = new LookAtChart(fhir);
    this.feedback = new ChartFeedback(parts.name, fhir, this.chart, parts.inChart);
    this.charts = new BringToChart({ fhir, chart: this.chart, definitions, feedback: this.feedback, turns });
  }

  get atOnce(): number {
    return this.parts.turns.underWay;
  }

  reach(): Promise<void> {
    return this.parts.fhir.reach();
  }

  async tell(report: ToTell, errand: Errand): Promise<Telling> {
    const capabilities = await this.capabilities.ask(errand);
    if (capabilities.kind !== 'capabilities') return capabilities;
    const plan = this.parts.plan === 'auto' ? capabilities.of.plan : this.parts.plan;
    if (plan === 'none') return { kind: 'not-needed', reason: 'the server takes no reports' };
    const told = report.memory === undefined ? undefined : toldHereSchema.parse(report.memory);
    const standsAt = told ?? (report.begun === undefined ? undefined : begunHereSchema.parse(report.begun));
    const patient = await this.patient(report, standsAt?.patient, errand);
    if (patient.kind !== 'patient') return patient;
    const ordered = await this.places.orderedBy(report, patient.reference, errand);
    if (ordered.kind !== 'ordered') return ordered;
    const isOrdered = ordered.orders.length > 0;
    if (report.set.state === 'refused' && !isOrdered && standsAt === undefined) {
      return { kind: 'not-needed', reason: 'nobody ordered it' };
    }
    const set = {
      ...report.set,
      ...this.parts.inChart,
      patient: patient.reference,
      orders: ordered.orders,
      ...(ordered.encounter === undefined ? {} : { encounter: ordered.encounter }),
    };
    return this.charts.bring(
      {
        set,
        page: report.page,
        told,
        before: report.before,
        begin: report.begin,
        patientCreated: patient.created,
        signs: plan === 'transaction',
        write: (changes, bundle) => this.write({ changes, bundle }, { plan, capabilities: capabilities.of }, errand),
      },
      errand,
    );
  }

  override async askWhose(report: ToTell, errand: Errand): Promise<Whose> {
    const told = toldHereSchema.parse(report.memory);
    const now = await this.identify(report, errand);
    switch (now.kind) {
      case 'failed':
        return now;
      case 'identified':
        return { kind: told.patient === referenceOf(now.patient) ? 'same' : 'moved' };
      default:
        return { kind: 'moved' };
    }
  }

  /** Whose a report is and what ordered it, for destinations that cannot tell themselves. Nothing is written. */
  async identify(
    report: ToTell,
    errand: Errand,
  ): Promise<{ kind: 'identified'; patient: Patient; orders: readonly string[] } | Elsewhere> {
    const whom = await this.places.whom(report, errand);
    if (whom.kind !== 'patient') return whom;
    const patient = referenceOf(whom.record);
    const ordered = await this.places.orderedBy(report, patient, errand);
    if (ordered.kind !== 'ordered') return ordered;
    const study = await this.chart.study(report.set, patient, errand);
    if (study.kind === 'quarantine') return { kind: 'quarantined', reason: study.reason };
    if (study.kind === 'failed') return study;
    return { kind: 'identified', patient: whom.record, orders: ordered.orders };
  }

  /** The record a report stands under is never changed: one told to the wrong one is withdrawn there, and told anew. */
  private async patient(
    report: ToTell,
    toldTo: string | undefined,
    errand: Errand,
  ): Promise<{ kind: 'patient'; reference: string; created: boolean } | Elsewhere> {
    if (toldTo !== undefined) return { kind: 'patient', reference: toldTo, created: false };
    const whom = await this.places.whom(report, errand);
    return whom.kind === 'patient'
      ? { kind: 'patient', reference: referenceOf(whom.record), created: whom.created }
      : whom;
  }

  private async write(
    { changes, bundle }: { changes: readonly Change[]; bundle: Bundle },
    { plan, capabilities }: { plan: Plan; capabilities: Capabilities },
    errand: Errand,
  ): Promise<Wrote> {
    const { fhir } = this.parts;
    if (plan === 'transaction') {
      const wrote = await writeInTransaction(fhir, changes, bundle, errand);
      if (wrote.kind !== 'not-together') return wrote;
    }
    return new WriteInSequence(fhir, capabilities).write(changes, errand);
  }
}

function referenceOf({ id = '' }: Patient): string {
  return `Patient/${id}`;
}
