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
import type { Bundle, DiagnosticReport, ImagingStudy, Observation } from '@medplum/fhirtypes';
import { notNoted, type Errand, type Telling, type ToTell } from '../deliveries/destination.ts';
import { digest } from '../digest.ts';
import { compareAnswers } from '../reports/answer-order.ts';
import type { ChartFeedback } from './chart-feedback.ts';
import type { FhirClient, ResourceVersion } from './fhir-client.ts';
import type { LookAtChart } from './look-at-chart.ts';
import { observationIdentifiers } from './observation-identifiers.ts';
import type { ToldHere } from './told-here.ts';
import type { Turns } from './turns.ts';
import type { Wrote } from './write-changes.ts';

/** Looks at a chart that changes under one's hands; more than this and something else is wrong. */
const looks = 5;

export interface BringToChartParts {
  fhir: FhirClient;
  chart: LookAtChart;
  feedback: ChartFeedback;
  turns: Turns;
  /** R4's own, which what is sent is held to. */
  definitions: Definitions;
}

/** One report on its way to one chart: what it says, what was said there before, and how it is written. */
export interface ForChart {
  set: Omit<ResultInChart, 'pdf'>;
  page: ToTell['page'];
  told: ToldHere | undefined;
  /** What it was told last, and every edition since that a try may have written. */
  before: readonly ResultSet[];
  begin: ToTell['begin'];
  patientCreated: boolean;
  /** The server takes a signature of its own beside the report. */
  signs: boolean;
  write: (changes: readonly Change[], bundle: Bundle) => Promise<Wrote>;
}

interface SeenStudy {
  kind: 'seen';
  imagingStudy?: ImagingStudy;
}

/** What is to be written to a chart as it was seen. */
interface Draft {
  kind: 'draft';
  changes: readonly Change[];
  bundle: Bundle;
  how: 'created' | 'updated';
}

/** A report that only waits to be written. */
interface Ready {
  set: ResultInChart;
  study: SeenStudy;
  /** Of one that is not there yet; another is held against the chart as it is when its turn has come. */
  draft?: Draft | Telling;
}

/** A report that is in its chart now. */
interface Written {
  kind: 'written';
  report: ResourceVersion;
  /** The report among them. */
  resources: readonly ResourceVersion[];
  how: Draft['how'];
}

/** Holds a report against its chart, and writes what is missing there. */
export class BringToChart {
  constructor(private readonly parts: BringToChartParts) {}

  /** Looks whose the study is there, and writes when its turn has come. */
  async bring(report: ForChart, errand: Errand): Promise<Telling> {
    const study = await this.study(report, errand);
    if (study.kind !== 'seen') return study;
    const written = await this.parts.turns.take(
      () => this.ready(report, study),
      (ready) => this.write(report, ready, errand),
      errand.signal,
    );
    return written.kind === 'written' ? this.told(report, written) : written;
  }

  private async study({ set }: ForChart, errand: Errand): Promise<SeenStudy | Telling> {
    const study = await this.parts.chart.study(set, set.patient, errand);
    if (study.kind !== 'quarantine') return study;
    // What is to be taken back is taken back, whoever the study is said to be of by now.
    return set.state === 'withdrawn' ? { kind: 'seen' } : { kind: 'quarantined', reason: study.reason };
  }

  /** Nothing of a first edition can be there yet, so it is written unseen: if it is there after all, the server says so. */
  private async ready(report: ForChart, study: SeenStudy): Promise<Ready> {
    const set = await withPage(report);
    const isFirst = report.told === undefined && set.edition === 1;
    return { set, study, ...(isFirst && { draft: await this.draft(report, set, chartWith(study, [])) }) };
  }

  /** Writes on the condition that the chart is still what was seen, and looks again where it is not. */
  private async write(report: ForChart, { set, study, draft }: Ready, errand: Errand): Promise<Written | Telling> {
    for (let look = 1; look <= looks; look++) {
      const drafted =
        look === 1
          ? (draft ?? (await this.look(report, set, study, errand)))
          : await this.look(report, set, await this.study(report, errand), errand);
      if (drafted.kind !== 'draft') return drafted;
      const wrote = await report.write(drafted.changes, drafted.bundle);
      if (wrote.kind === 'failed') return wrote;
      if (wrote.kind === 'wrote' && !wrote.already) {
        if (wrote.resources.some(({ resourceType }) => resourceType === 'ImagingStudy')) this.parts.chart.hasStudy(set);
        const written = wrote.resources.find(({ resourceType }) => resourceType === 'DiagnosticReport');
        if (written === undefined) return failed('unavailable', 'FHIR server does not say where it keeps the report');
        const unsigned = report.signs ? await this.sign(set, written, errand) : undefined;
        if (unsigned !== undefined) return unsigned;
        return { kind: 'written', report: written, resources: wrote.resources, how: drafted.how };
      }
      await pause(50 * look * (1 + Math.random()), undefined, { signal: errand.signal }).catch(() => undefined);
    }
    return failed('unavailable', 'the chart kept changing while it was written to');
  }

  private async look(
    report: ForChart,
    set: ResultInChart,
    study: SeenStudy | Telling,
    errand: Errand,
  ): Promise<Draft | Telling> {
    if (study.kind !== 'seen') return study;
    const seen = await this.parts.chart.report(set, observationIdentifiers(set), errand);
    if (seen.kind === 'failed') return seen;
    if (seen.kind === 'quarantine') return { kind: 'quarantined', reason: seen.reason };
    return this.draft(report, set, chartWith(study, seen.observations, seen.report));
  }

  private async draft(report: ForChart, set: ResultInChart, chart: ChartNow): Promise<Draft | Telling> {
    const { told, before } = report;
    const met = this.parts.feedback.meet(set, chart, { before, memory: told });
    const standing = neverThere(report, chart) ?? decidedBy(set, chart.report, before) ?? met.touched;
    if (standing !== undefined) return standing;
    const changes = changesOf(set, { ...chart, theirs: met.theirs }, digest);
    const bundle = transactionOf(changes);
    const invalid = faultsOf(changes, bundle, this.parts.definitions);
    if (invalid !== undefined) return invalid;
    if (told === undefined && !(await report.begin({ patient: set.patient }))) return failed('unavailable', notNoted);
    return { kind: 'draft', changes, bundle, how: chart.report === undefined ? 'created' : 'updated' };
  }

  /** The signature is on the very version of the report that now stands; one that a server does not name has none. */
  private async sign(set: ResultInChart, report: ResourceVersion, errand: Errand): Promise<Telling | undefined> {
    const { signature } = set.review;
    if (signature === undefined || set.state === 'withdrawn') return undefined;
    const version = await this.versionOf(set, report, errand);
    if (version.kind !== 'version') return version;
    if (version.id === undefined) return undefined;
    const target = `DiagnosticReport/${report.id}/_history/${version.id}`;
    const written = await this.parts.fhir.update(
      verification(verificationId(digest, target), signature, [target]),
      undefined,
      errand,
    );
    if (written.kind === 'failed') return written;
    return written.kind === 'ok' ? undefined : failed('unavailable', 'FHIR server did not take the signature');
  }

  /** Some servers say a transaction's versions only to whoever reads what it wrote; by then it may be somebody else's. */
  private async versionOf(
    set: ResultInChart,
    { id, versionId }: ResourceVersion,
    errand: Errand,
  ): Promise<{ kind: 'version'; id?: string } | Failed> {
    if (versionId !== undefined) return { kind: 'version', id: versionId };
    const read = await this.parts.fhir.read<DiagnosticReport>(`DiagnosticReport/${id}`, errand);
    if (read.kind === 'failed') return read;
    if (read.kind !== 'ok') return failed('unavailable', 'FHIR server does not show the report it took');
    const { meta, status } = read.body;
    const isOurs = status === stateOutside(set.state, set).diagnosticReport;
    return { kind: 'version', ...(isOurs && meta?.versionId !== undefined ? { id: meta.versionId } : {}) };
  }

  private told({ set, patientCreated }: ForChart, { report, resources, how }: Written): Telling {
    const memory: ToldHere = {
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
        how,
        patientCreated,
        memory,
        filed: {
          reportUrl: `${this.parts.fhir.baseUrl}/DiagnosticReport/${report.id}`,
          resources: [...resources],
          // Of the result set as an empty chart would be given it: the same whoever files it, and after a crash too. The page
          // stands aside: its pictures hang on what the object store still holds.
          bundleSha256: digest(JSON.stringify(transactionOf(changesOf(set, { observations: [] }, digest)))),
        },
      },
    };
  }
}

function chartWith(
  { imagingStudy }: SeenStudy,
  observations: readonly Observation[],
  report?: DiagnosticReport,
): ChartNow {
  return { observations, ...(imagingStudy && { imagingStudy }), ...(report && { report }) };
}

/** Drawn once it is known that the report may be written: it is a good part of the work on one. */
async function withPage({ set, page }: ForChart): Promise<ResultInChart> {
  const pdf = await page();
  return pdf === undefined ? set : { ...set, pdf };
}

/** What is to be taken back of a try that nobody knows the end of, where nothing came of it. */
function neverThere({ set, told }: ForChart, { report, observations }: ChartNow): Telling | undefined {
  if (told !== undefined || report !== undefined || observations.length > 0) return undefined;
  if (set.state === 'withdrawn') return { kind: 'not-needed', reason: 'withdrawn before it was told' };
  return set.state === 'refused' && set.orders.length === 0
    ? { kind: 'not-needed', reason: 'nobody ordered it' }
    : undefined;
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
