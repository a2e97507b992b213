import type { Failure } from '@sightline/contracts';
import {
  answerOf,
  feedbackIn,
  identifierSystems,
  reportIdentifier,
  reportOf,
  type ChartNow,
  type ResultInChart,
} from '@sightline/fhir';
import { stateOutside, type ResultSet } from '@sightline/findings';
import { failed, type Failed } from '@sightline/messaging';
import type { DiagnosticReport, Observation, Resource } from '@medplum/fhirtypes';
import type { Errand, Telling, Touched } from '../deliveries/destination.ts';
import { digest } from '../digest.ts';
import type { ThereNow } from '../feedback/there-now.ts';
import { compareAnswers } from '../reports/answer-order.ts';
import type { ReportKey } from '../reports/report-store.ts';
import type { FhirClient } from './fhir-client.ts';
import type { LookAtChart } from './look-at-chart.ts';
import { observationIdentifiers } from './observation-identifiers.ts';
import { resourcesIn, token } from './search-result.ts';
import { toldHereSchema } from './told-here.ts';

/** Every edition of a report that a chart may have by our hand, the one it was told last first, and what its destination kept of it. */
export interface SaidHere {
  editions: readonly [ResultSet, ...ResultSet[]];
  memory: unknown;
}

/** A resource of one of our reports, as it was found. */
export interface Hit {
  report: ReportKey;
  /** `Type/id`. */
  reference: string;
  /** Of a server that keeps no versions the time of its last change. */
  version: string;
}

export type Changed =
  | { kind: 'changed'; hits: Hit[]; date: Date | undefined }
  | { kind: 'too-many' }
  /** It answers with what was not asked for: nothing of it is believed. */
  | { kind: 'not-by-time' }
  | Failed;

/** What a chart can be asked by. `by-time`: what changed since; `by-report`: one report after the other. */
export type Way = 'by-time' | 'by-report';

const types = ['DiagnosticReport', 'Observation'] as const;
const ours = { DiagnosticReport: identifierSystems.report, Observation: identifierSystems.observation };
const pageSize = '100';
const second = 1_000;

/** Asks a chart what people there made of our reports. Nothing is written. */
export class ChartFeedback {
  constructor(
    private readonly place: string,
    private readonly fhir: FhirClient,
    private readonly chart: LookAtChart,
    private readonly inChart: { onlyReport: boolean },
  ) {}

  /** What people made of one report; undefined where the chart does not have it. */
  async look(
    said: SaidHere,
    errand: Errand,
  ): Promise<{ kind: 'seen'; now: ThereNow | undefined } | { kind: 'failed'; failure: Failure }> {
    const identifiers = new Map(
      said.editions
        .flatMap((set) => observationIdentifiers(this.inPlace(set)))
        .map((one) => [one.value ?? '', one] as const),
    );
    const seen = await this.chart.report(said.editions[0], [...identifiers.values()], errand);
    if (seen.kind === 'quarantine') return { kind: 'seen', now: undefined };
    if (seen.kind === 'failed') return seen;
    const { report, observations } = seen;
    return { kind: 'seen', now: report && this.read({ report, observations }, said) };
  }

  /**
   * What a writer meets that is about to write `set`. `theirs`: Observations that a person there changed. `touched`: somebody there has
   * closed the report, or answered findings that a newer answer would replace. What is to be taken back is taken back all the same.
   */
  meet(
    set: ResultInChart,
    { report, observations }: ChartNow,
    { before, memory }: { before: readonly ResultSet[]; memory: unknown },
  ): { theirs: string[]; touched?: Extract<Telling, { kind: 'touched' }> } {
    if (report?.id === undefined || set.state === 'withdrawn') return { theirs: [] };
    const [first, ...others] = before;
    const editions = first === undefined ? ([set] as const) : ([first, ...others, set] as const);
    const now = this.read({ report, observations }, { editions, memory });
    const { theirs, isReportTheirs, verdicts } = now.feedback;
    const spoken = answerOf(report) ?? { revision: 0, version: '0' };
    const isNewer = compareAnswers({ revision: set.study.revision, version: set.model.version }, spoken) > 0;
    if (!isReportTheirs && !(isNewer && verdicts.length > 0)) return { theirs };
    const { resourceType, id } = report;
    const version = report.meta?.versionId === undefined ? {} : { versionId: report.meta.versionId };
    const touched: Touched = {
      now,
      report: { url: `${this.fhir.baseUrl}/${resourceType}/${id}`, ...version },
      memory: memory ?? { patient: set.patient, report: { resourceType, id, ...version }, status: 'partial' },
    };
    return { theirs, touched: { kind: 'touched', touched } };
  }

  /** What a report in a chart says beyond what was said there by us. */
  read(chart: { report: DiagnosticReport; observations: readonly Observation[] }, said: SaidHere): ThereNow {
    const memory = toldHereSchema.pick({ status: true, written: true }).safeParse(said.memory);
    const editions = memory.success ? said.editions : spokenBy(chart.report, said.editions);
    const [told, ...tried] = editions;
    const { status, written = {} } = memory.success ? memory.data : { status: 'partial' };
    const feedback = feedbackIn(
      chart,
      {
        editions: [this.inPlace(told), ...tried.map((set) => this.inPlace(set))],
        statuses: [status, ...tried.map((set) => stateOutside(set.state, this.inChart).diagnosticReport)],
        written,
      },
      this.place,
      digest,
    );
    const { by } = feedback;
    const reference = by?.reference;
    const absolute =
      reference !== undefined && /^[A-Z]\w+\//.test(reference) ? `${this.fhir.baseUrl}/${reference}` : reference;
    return {
      edition: told.edition,
      feedback: {
        ...feedback,
        ...(by === undefined || absolute === undefined ? {} : { by: { ...by, reference: absolute } }),
      },
      seen: Object.fromEntries(
        [chart.report, ...chart.observations].flatMap((one) =>
          one.id === undefined ? [] : [[referenceOf(one), versionOf(one)]],
        ),
      ),
    };
  }

  /**
   * Whether the server finds by `_lastUpdated`, proved on a report that it has: asked for what changed since then it shows it, asked
   * for what changed before it does not. What its CapabilityStatement lists is no proof, and what it does not list may work.
   */
  async way(report: ReportKey, errand: Errand): Promise<{ kind: 'way'; way: Way; shown: Date } | Failed> {
    const identifier = reportIdentifier(report.studyInstanceUid, report.model, report.generation);
    const found = await this.fhir.find<DiagnosticReport>('DiagnosticReport', identifier, errand);
    if (found.kind === 'failed') return found;
    if (found.kind !== 'ok') return failed('unavailable', 'FHIR server could not search DiagnosticReport');
    const [known] = found.body;
    const [result] =
      known?.result?.flatMap(({ reference }) => /Observation\/[\w.-]+$/.exec(reference ?? '')?.[0] ?? []) ?? [];
    // Nothing to prove it on.
    if (known === undefined || result === undefined) return { kind: 'way', way: 'by-report', shown: new Date(0) };
    const observation = await this.fhir.read<Observation>(result, errand);
    if (observation.kind === 'failed') return observation;
    const time = Date.parse(known.meta?.lastUpdated ?? '');
    const shown = Number.isNaN(time) ? new Date(0) : new Date(time);
    if (observation.kind !== 'ok') return { kind: 'way', way: 'by-report', shown };
    for (const one of [known, observation.body]) {
      const proved = await this.findsByTime(one, errand);
      if (proved.kind !== 'proved') return proved;
      if (!proved.finds) return { kind: 'way', way: 'by-report', shown };
    }
    return { kind: 'way', way: 'by-time', shown };
  }

  /** Our reports and findings that changed from `since` to before `until`, both by the server's clock. */
  async changed(since: Date, until: Date | undefined, errand: Errand): Promise<Changed> {
    const hits: Hit[] = [];
    let date: Date | undefined;
    for (const type of types) {
      const found = await this.search(type, `${ours[type]}|`, since, until, errand);
      if (found.kind !== 'found') return found;
      // What the first search has not seen yet is still to be found by the next round.
      date ??= found.date ?? newest(found.resources);
      hits.push(
        ...found.resources.flatMap((one) => {
          const report = reportOf(one);
          return report === undefined ? [] : [{ report, reference: referenceOf(one), version: versionOf(one) }];
        }),
      );
    }
    return { kind: 'changed', hits, date };
  }

  private async findsByTime(
    resource: DiagnosticReport | Observation,
    errand: Errand,
  ): Promise<{ kind: 'proved'; finds: boolean } | Failed> {
    const time = Date.parse(resource.meta?.lastUpdated ?? '');
    const [identifier] = (resource.identifier ?? []).filter(({ system }) => system === ours[resource.resourceType]);
    if (Number.isNaN(time) || identifier === undefined) return { kind: 'proved', finds: false };
    const all = token({ ...(identifier.system === undefined ? {} : { system: identifier.system }), value: '' });
    // Somebody may change it meanwhile: then it is found all the more.
    const tries = [
      { identifier: token(identifier), since: new Date(time - second), until: undefined, finds: true },
      { identifier: token(identifier), since: undefined, until: new Date(time - second), finds: false },
      // Not every server finds by the system of an identifier alone.
      { identifier: all, since: new Date(time - second), until: undefined, finds: true },
    ];
    for (const { identifier: wanted, since, until, finds } of tries) {
      const found = await this.search(resource.resourceType, wanted, since, until, errand);
      if (found.kind === 'failed' && found.failure.kind === 'unavailable') return found;
      const isThere = found.kind === 'found' && found.resources.some(({ id }) => id === resource.id);
      if (found.kind !== 'found' || isThere !== finds) return { kind: 'proved', finds: false };
    }
    return { kind: 'proved', finds: true };
  }

  private async search(
    type: (typeof types)[number],
    identifier: string,
    since: Date | undefined,
    until: Date | undefined,
    errand: Errand,
  ): Promise<
    | { kind: 'found'; resources: (DiagnosticReport | Observation)[]; date: Date | undefined }
    | Exclude<Changed, { kind: 'changed' }>
  > {
    const parameters: [string, string][] = [
      ['identifier', identifier],
      ...(since === undefined ? [] : [['_lastUpdated', `ge${since.toISOString()}`] as [string, string]]),
      ...(until === undefined ? [] : [['_lastUpdated', `lt${until.toISOString()}`] as [string, string]]),
      ['_count', pageSize],
      // Reports hold pages and pictures, which nobody looks at here; a server may send them all the same.
      ['_elements', 'identifier,meta'],
    ];
    const answer = await this.fhir.search<DiagnosticReport | Observation>(type, parameters, errand);
    if (answer.kind === 'failed') return answer.tooMany === true ? { kind: 'too-many' } : answer;
    if (answer.kind !== 'ok') return failed('unavailable', `FHIR server could not search ${type}`);
    const resources = resourcesIn<DiagnosticReport | Observation>(answer.body, type);
    const isAsked = resources.every(({ meta }) => isWithin(meta?.lastUpdated, since, until));
    if (!isAsked) return { kind: 'not-by-time' };
    const date = Date.parse(answer.date ?? '');
    return { kind: 'found', resources, date: Number.isNaN(date) ? undefined : new Date(date) };
  }

  /** Whose it is and what ordered it is no part of what is answered. */
  private inPlace(set: ResultSet) {
    return { ...set, ...this.inChart, patient: 'Patient/any', orders: [] };
  }
}

/** Of a report whose filing was never written down, the editions that say what it says. */
function spokenBy(report: DiagnosticReport, editions: SaidHere['editions']): SaidHere['editions'] {
  const spoken = answerOf(report);
  const [first, ...others] = editions.filter(
    ({ study, model }) =>
      spoken !== undefined && compareAnswers(spoken, { revision: study.revision, version: model.version }) === 0,
  );
  return first === undefined ? editions : [first, ...others];
}

/** By the second: not every server keeps more. */
function isWithin(time: string | undefined, since: Date | undefined, until: Date | undefined): boolean {
  const at = Date.parse(time ?? '');
  return (
    !Number.isNaN(at) &&
    (since === undefined || at >= since.getTime() - second) &&
    (until === undefined || at <= until.getTime() + second)
  );
}

function newest(resources: readonly Resource[]): Date | undefined {
  const times = resources.map(({ meta }) => Date.parse(meta?.lastUpdated ?? ''));
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}

function referenceOf({ resourceType, id }: Resource): string {
  return `${resourceType}/${id ?? ''}`;
}

function versionOf({ meta }: Resource): string {
  return meta?.versionId ?? meta?.lastUpdated ?? '';
}
