import { setTimeout as pause } from 'node:timers/promises';
import {
  answerOf,
  changesOf,
  transactionOf,
  verification,
  verificationId,
  type Change,
  type ChartNow,
  type Definitions,
  type ResultInChart,
  validateForFiling,
} from '@sightline/fhir';
import { stateOutside, type ResultSet } from '@sightline/findings';
import { failed, type Failed } from '@sightline/messaging';
import type { Bundle, CapabilityStatement, DiagnosticReport, Patient } from '@medplum/fhirtypes';
import { z } from 'zod';
import { Destination, type Errand, type Telling, type ToTell, type Whose } from '../deliveries/destination.ts';
import { digest } from '../digest.ts';
import { compareAnswers } from '../reports/answer-order.ts';
import { Capabilities, type Plan } from './capabilities.ts';
import { ChartFeedback } from './chart-feedback.ts';
import type { FhirClient, ResourceVersion } from './fhir-client.ts';
import type { FindOrder } from './find-order.ts';
import { LookAtChart } from './look-at-chart.ts';
import { standingOf } from './record-standing.ts';
import type { ResolvePatient } from './resolve-patient.ts';
import { WriteInSequence, writeInTransaction, type Wrote } from './write-changes.ts';

/** Looks at a chart that changes under one's hands; more than this and something else is wrong. */
const looks = 5;

/** A statement of capabilities is asked for again after this. */
const capabilitiesMs = 3_600_000;

/** What this destination was told last, of one report. */
const toldSchema = z.object({
  patient: z.string(),
  report: z.object({ resourceType: z.string(), id: z.string(), versionId: z.string().optional() }),
  status: z.string(),
  /** Versions by our hand, `Type/id` → version id. */
  written: z.record(z.string(), z.string()).optional(),
});

type ToldHere = z.infer<typeof toldSchema>;
type Elsewhere = Exclude<Telling, { kind: 'told' }>;

export interface FhirDestinationParts {
  name: string;
  atOnce: number;
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
  readonly atOnce: number;
  override readonly attempts: number;
  /** What people make of reports in this chart. */
  readonly feedback: ChartFeedback;
  private readonly chart: LookAtChart;
  private known: { capabilities: Capabilities; until: number } | undefined;

  constructor(private readonly parts: FhirDestinationParts) {
    super();
    this.name = parts.name;
    this.atOnce = parts.atOnce;
    this.attempts = parts.attempts;
    this.chart = new LookAtChart(parts.fhir);
    this.feedback = new ChartFeedback(parts.name, parts.fhir, parts.inChart);
  }

  reach(): Promise<void> {
    return this.parts.fhir.reach();
  }

  async tell(report: ToTell, errand: Errand): Promise<Telling> {
    const capabilities = await this.capabilities(errand);
    if (capabilities.kind !== 'capabilities') return capabilities;
    const plan = this.parts.plan === 'auto' ? capabilities.of.plan : this.parts.plan;
    if (plan === 'none') return { kind: 'not-needed', reason: 'the server takes no reports' };
    const told = report.memory === undefined ? undefined : toldSchema.parse(report.memory);
    const patient = await this.patient(report, told, errand);
    if (patient.kind !== 'patient') return patient;
    const place = await this.place(report, patient.reference, errand);
    if (place.kind !== 'place') return place;
    if (report.set.state === 'refused' && place.orders.length === 0 && told === undefined) {
      return { kind: 'not-needed', reason: 'nobody ordered it' };
    }
    const pdf = await report.page();
    const set: ResultInChart = {
      ...report.set,
      ...this.parts.inChart,
      patient: patient.reference,
      orders: place.orders,
      ...(place.encounter === undefined ? {} : { encounter: place.encounter }),
      ...(pdf === undefined ? {} : { pdf }),
    };
    const { fhir } = this.parts;
    const write = async (changes: readonly Change[], bundle: Bundle): Promise<Wrote> => {
      const together =
        plan === 'transaction'
          ? await writeInTransaction(fhir, changes, bundle, errand)
          : { kind: 'not-together' as const };
      if (together.kind !== 'not-together') return together;
      return new WriteInSequence(fhir, capabilities.of).write(changes, errand);
    };
    return this.bring(
      set,
      { told, before: report.before, patientCreated: patient.created, signs: plan === 'transaction' },
      write,
      errand,
    );
  }

  override async askWhose(report: ToTell, errand: Errand): Promise<Whose> {
    const told = toldSchema.parse(report.memory);
    const now = await this.identify(report, errand);
    switch (now.kind) {
      case 'failed':
        return now;
      case 'identified':
        return { kind: told.patient === `Patient/${now.patient.id ?? ''}` ? 'same' : 'moved' };
      default:
        return { kind: 'moved' };
    }
  }

  /** Whose a report is and what ordered it, for destinations that cannot tell themselves. Nothing is written. */
  async identify(
    report: ToTell,
    errand: Errand,
  ): Promise<{ kind: 'identified'; patient: Patient; orders: readonly string[] } | Elsewhere> {
    const patient = await this.patient(report, undefined, errand);
    if (patient.kind !== 'patient') return patient;
    const place = await this.place(report, patient.reference, errand);
    if (place.kind !== 'place') return place;
    const study = await this.chart.study(report.set, patient.reference, errand);
    if (study.kind === 'quarantine') return { kind: 'quarantined', reason: study.reason };
    if (study.kind === 'failed') return study;
    const record = await this.parts.fhir.read<Patient>(patient.reference, errand);
    if (record.kind === 'failed') return record;
    if (record.kind !== 'ok') return failed('unavailable', 'FHIR server does not show the record it found');
    return { kind: 'identified', patient: record.body, orders: place.orders };
  }

  /** Writes on the condition that the chart is still what was seen, and looks again where it is not. */
  private async bring(
    set: ResultInChart,
    known: {
      told: ToldHere | undefined;
      before: readonly ResultSet[];
      patientCreated: boolean;
      signs: boolean;
    },
    write: (changes: readonly Change[], bundle: Bundle) => Promise<Wrote>,
    errand: Errand,
  ): Promise<Telling> {
    // Nothing of this report can be there yet, so it is written unseen: if it is there after all, the server says so.
    let isFirst = known.told === undefined && set.edition === 1;
    for (let look = 1; look <= looks; look++) {
      const study = await this.chart.study(set, set.patient, errand);
      if (study.kind === 'failed') return study;
      // What is to be taken back is taken back, whoever the study is said to be of by now.
      if (study.kind === 'quarantine' && set.state !== 'withdrawn')
        return { kind: 'quarantined', reason: study.reason };
      const imagingStudy = study.kind === 'seen' ? study.imagingStudy : undefined;
      const seen = isFirst
        ? { kind: 'seen' as const, observations: [] }
        : await this.chart.report(set, identifiersOf(set), errand);
      if (seen.kind === 'failed') return seen;
      if (seen.kind === 'quarantine') return { kind: 'quarantined', reason: seen.reason };
      const chart: ChartNow = { ...seen, ...(imagingStudy === undefined ? {} : { imagingStudy }) };
      const met = this.feedback.meet(set, chart, { before: known.before, memory: known.told });
      const standing = decidedBy(set, chart.report, known.before) ?? met.touched;
      if (standing !== undefined) return standing;
      chart.theirs = met.theirs;
      const changes = changesOf(set, chart, digest);
      const bundle = transactionOf(changes);
      const invalid = faultsOf(changes, bundle, this.parts.definitions);
      if (invalid !== undefined) return invalid;
      const wrote = await write(changes, bundle);
      if (wrote.kind === 'failed') return wrote;
      isFirst = false;
      if (wrote.kind === 'wrote' && !wrote.already) {
        const report = wrote.resources.find(({ resourceType }) => resourceType === 'DiagnosticReport');
        if (report === undefined) return failed('unavailable', 'FHIR server does not say where it keeps the report');
        const signed = known.signs ? await this.sign(set, report, errand) : undefined;
        if (signed !== undefined) return signed;
        return this.told(set, report, wrote.resources, {
          how: chart.report === undefined ? 'created' : 'updated',
          patientCreated: known.patientCreated,
        });
      }
      await pause(50 * look * (1 + Math.random()), undefined, { signal: errand.signal }).catch(() => undefined);
    }
    return failed('unavailable', 'the chart kept changing while it was written to');
  }

  /** The record a report stands under is never changed: a report told to the wrong one is withdrawn there, and told anew. */
  private async patient(
    { set, callingAeTitle, patient }: ToTell,
    told: ToldHere | undefined,
    errand: Errand,
  ): Promise<{ kind: 'patient'; reference: string; created: boolean } | Elsewhere> {
    if (told !== undefined) return { kind: 'patient', reference: told.patient, created: false };
    if (patient !== undefined) return this.named(patient, errand);
    const found = await this.parts.patients.resolve(set.study.patient, callingAeTitle, errand);
    return found.kind === 'quarantine' ? { kind: 'quarantined', reason: found.reason } : found;
  }

  /** The record that a person decided on; it has to be one. */
  private async named(
    reference: string,
    errand: Errand,
  ): Promise<{ kind: 'patient'; reference: string; created: boolean } | Elsewhere> {
    const read = await this.parts.fhir.read<Patient>(reference, errand);
    if (read.kind === 'failed') return read;
    if (read.kind !== 'ok') return { kind: 'quarantined', reason: 'no-such-patient' };
    if (standingOf(read.body, this.parts.fhir.baseUrl).kind !== 'current') {
      return { kind: 'quarantined', reason: 'record-not-active' };
    }
    return { kind: 'patient', reference, created: false };
  }

  private async place(
    { set, callingAeTitle }: ToTell,
    patient: string,
    errand: Errand,
  ): Promise<{ kind: 'place'; orders: string[]; encounter?: string } | Elsewhere> {
    const order = await this.parts.orders.find(set.study, patient, callingAeTitle, errand);
    switch (order.kind) {
      case 'order':
        return { ...order, kind: 'place' };
      case 'quarantine':
        // What is to be taken back is taken back wherever it stands.
        if (set.state === 'withdrawn') return { kind: 'place', orders: [] };
        return { kind: 'quarantined', reason: order.reason };
      case 'failed':
        return order;
    }
  }

  /** The signature is on the very version of the report that now stands. */
  private async sign(set: ResultInChart, report: ResourceVersion, errand: Errand): Promise<Elsewhere | undefined> {
    const { signature } = set.review;
    if (signature === undefined || set.state === 'withdrawn' || report.versionId === undefined) return undefined;
    const target = `DiagnosticReport/${report.id}/_history/${report.versionId}`;
    const written = await this.parts.fhir.update(
      verification(verificationId(digest, target), signature, [target]),
      undefined,
      errand,
    );
    if (written.kind === 'failed') return written;
    return written.kind === 'ok' ? undefined : failed('unavailable', 'FHIR server did not take the signature');
  }

  private told(
    set: ResultInChart,
    report: ResourceVersion,
    resources: readonly ResourceVersion[],
    done: { how: 'created' | 'updated'; patientCreated: boolean },
  ): Telling {
    const { pdf: _pdf, ...said } = set;
    const here: ToldHere = {
      patient: set.patient,
      report,
      status: stateOutside(set.state, set).diagnosticReport,
      written: Object.fromEntries(
        resources.flatMap(({ resourceType, id, versionId }) =>
          versionId === undefined ? [] : [[`${resourceType}/${id}`, versionId]],
        ),
      ),
    };
    return {
      kind: 'told',
      told: {
        ...done,
        memory: here,
        filed: {
          reportUrl: `${this.parts.fhir.baseUrl}/DiagnosticReport/${report.id}`,
          resources: [...resources],
          // Of the result set as an empty chart would be given it: the same whoever files it, and after a crash too. The page
          // stands aside: its pictures hang on what the object store still holds.
          bundleSha256: digest(JSON.stringify(transactionOf(changesOf(said, { observations: [] }, digest)))),
        },
      },
    };
  }

  private async capabilities(errand: Errand): Promise<{ kind: 'capabilities'; of: Capabilities } | Failed> {
    if (this.known !== undefined && Date.now() < this.known.until) {
      return { kind: 'capabilities', of: this.known.capabilities };
    }
    const answer = await this.parts.fhir.read<CapabilityStatement>('metadata', errand);
    if (answer.kind === 'failed') return answer;
    if (answer.kind !== 'ok') return failed('unavailable', 'FHIR server has no CapabilityStatement');
    const capabilities = new Capabilities(answer.body);
    this.known = { capabilities, until: Date.now() + capabilitiesMs };
    return { kind: 'capabilities', of: capabilities };
  }
}

/** Where what stands in the chart decides already, or undefined where it is to be written to. */
function decidedBy(
  set: ResultInChart,
  inChart: DiagnosticReport | undefined,
  before: readonly ResultSet[],
): Telling | undefined {
  if (inChart === undefined || set.state === 'withdrawn') return undefined;
  const rank = { revision: set.study.revision, version: set.model.version };
  const spoken = answerOf(inChart) ?? { revision: 0, version: '0' };
  // A newer answer that this report gave before was taken out of it on purpose.
  const isKnown = before.some(({ study, model }) => compareAnswers(spoken, { ...study, ...model }) === 0);
  if (compareAnswers(spoken, rank) > 0 && !isKnown) {
    return { kind: 'not-needed', reason: 'superseded' };
  }
  return undefined;
}

/** What is wrong with what we made, or undefined: nothing invalid is sent. What others made is theirs to answer for. */
function faultsOf(changes: readonly Change[], bundle: Bundle, definitions: Definitions): Failed | undefined {
  const ours = (bundle.entry ?? []).filter(
    (_, n) => changes[n]?.kind === 'trace' || changes[n]?.resource.id === undefined,
  );
  const verdict = validateForFiling(ours, definitions);
  if (verdict.kind === 'valid') return undefined;
  const said = verdict.issues.map(({ resource, path, text }) => `${resource} ${path}: ${text}`);
  return failed('defect', `not valid, and not sent: ${said.join('; ')}`.slice(0, 600));
}

function identifiersOf(set: ResultInChart) {
  return changesOf(set, { observations: [] }, digest).flatMap(({ resource }) =>
    resource.resourceType === 'Observation' ? (resource.identifier?.slice(0, 1) ?? []) : [],
  );
}
