import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Failure, ReportFiled } from '@sightline/contracts';
import {
  answerOf,
  dicomUid,
  reportIdentifier,
  transactionOf,
  type ChartNow,
  type ResultInChart,
} from '@sightline/fhir';
import type { Bundle, BundleEntry, DiagnosticReport, ImagingStudy, Observation, Resource } from '@medplum/fhirtypes';
import { compareAnswers } from './answer-order.ts';
import type { Errand, FhirClient } from './fhir-client.ts';
import type { QuarantineReason } from './resolve-patient.ts';

export interface Filed {
  generation: number;
  how: 'created' | 'updated' | 'already-there';
  reportUrl: string;
  resources: ReportFiled['resources'];
  bundleSha256: string;
}

export type Written =
  | { kind: 'filed'; filed: Filed }
  /** The chart speaks of a newer answer, or of this one after a human has acted on it. */
  | { kind: 'superseded' }
  | { kind: 'quarantine'; reason: QuarantineReason }
  | { kind: 'failed'; failure: Failure };

/** Looks at a chart that changes under one's hands; more than this and something else is wrong. */
const looks = 5;

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Brings an answer into the chart once, however often and by however many it is tried: look, then write on the condition that
 * the chart is still what was seen, and look again where it is not.
 */
export class WriteReport {
  constructor(private readonly fhir: FhirClient) {}

  /** `set.generation` is where to begin looking: a report a human has acted on is left alone, and the next one is written. */
  async write(set: ResultInChart, errand: Errand): Promise<Written> {
    let { generation } = set;
    for (let look = 1; look <= looks; look++) {
      const seen = await this.look({ ...set, generation }, errand);
      if (seen.kind !== 'chart') return seen;
      const { chart, untouchable } = seen;
      const inChart = untouchable ?? chart.report;
      const order =
        inChart === undefined ? -1 : compareAnswers(answerOf(inChart) ?? { revision: 0, version: '0' }, rank(set));
      if (order > 0 || (order === 0 && untouchable !== undefined)) return { kind: 'superseded' };
      if (untouchable !== undefined) {
        generation++;
        continue;
      }
      if (order === 0 && chart.report !== undefined)
        return this.alreadyThere({ ...set, generation }, chart, chart.report);
      const written = await this.post({ ...set, generation }, chart, errand);
      if (written !== 'look-again') return written;
      await pause(50 * look * (1 + Math.random()));
    }
    return {
      kind: 'failed',
      failure: { kind: 'unavailable', message: 'the chart kept changing while it was written to' },
    };
  }

  private async look(
    set: ResultInChart,
    errand: Errand,
  ): Promise<Exclude<Written, { kind: 'filed' }> | { kind: 'chart'; chart: ChartNow; untouchable?: DiagnosticReport }> {
    const wanted = reportIdentifier(set.study.studyInstanceUid, set.model.name, set.generation);
    const [reports, studies] = await Promise.all([
      this.fhir.search<DiagnosticReport | Observation>(
        'DiagnosticReport',
        { identifier: token(wanted), _include: 'DiagnosticReport:result' },
        errand,
      ),
      this.fhir.search<ImagingStudy>(
        'ImagingStudy',
        { identifier: token(dicomUid(set.study.studyInstanceUid)) },
        errand,
      ),
    ]);
    if (reports.kind === 'failed') return reports;
    if (studies.kind === 'failed') return studies;
    if (reports.kind !== 'ok' || studies.kind !== 'ok') {
      return { kind: 'failed', failure: { kind: 'unavailable', message: 'FHIR server could not search' } };
    }
    const [imagingStudy, ...otherStudies] = ofType<ImagingStudy>(studies.body, 'ImagingStudy');
    if (otherStudies.length > 0) return { kind: 'quarantine', reason: 'several-imaging-studies' };
    if (imagingStudy !== undefined && !isOf(imagingStudy, set.patient)) {
      return { kind: 'quarantine', reason: 'study-of-another-patient' };
    }
    const report = ofType<DiagnosticReport>(reports.body, 'DiagnosticReport')[0];
    const chart = {
      observations: ofType<Observation>(reports.body, 'Observation'),
      ...(imagingStudy === undefined ? {} : { imagingStudy }),
    };
    if (report === undefined) return { kind: 'chart', chart };
    return report.status === 'partial'
      ? { kind: 'chart', chart: { ...chart, report } }
      : { kind: 'chart', chart, untouchable: report };
  }

  private async post(set: ResultInChart, chart: ChartNow, errand: Errand): Promise<Written | 'look-again'> {
    const answer = await this.fhir.transact(JSON.stringify(transactionOf(set, chart, digest)), errand);
    switch (answer.kind) {
      case 'failed':
        return answer;
      case 'conflict':
      case 'missing':
        return 'look-again';
      case 'ok': {
        const resources = (answer.body.entry ?? []).map(locationOf);
        const own = resources.find((one) => one?.resourceType === 'DiagnosticReport');
        // A create that found one already: somebody filed between our look and our write.
        if (own === undefined || (chart.report === undefined && own.status !== 201)) return 'look-again';
        return this.filed(
          set,
          own.id,
          resources.flatMap((one) => one ?? []),
          chart.report === undefined ? 'created' : 'updated',
        );
      }
    }
  }

  private alreadyThere(set: ResultInChart, chart: ChartNow, report: DiagnosticReport): Written {
    const resources = [
      report,
      ...chart.observations,
      ...(chart.imagingStudy === undefined ? [] : [chart.imagingStudy]),
    ];
    const told = resources.map(({ resourceType, id = '', meta }) => ({ resourceType, id, versionId: meta?.versionId }));
    return this.filed(set, report.id ?? '', told, 'already-there');
  }

  private filed(
    set: ResultInChart,
    reportId: string,
    resources: readonly { resourceType: string; id: string; versionId?: string | undefined }[],
    how: Filed['how'],
  ): Written {
    return {
      kind: 'filed',
      filed: {
        generation: set.generation,
        how,
        reportUrl: `${this.fhir.baseUrl}/DiagnosticReport/${reportId}`,
        resources: resources.map(({ resourceType, id, versionId }) => ({
          resourceType,
          id,
          ...(versionId === undefined ? {} : { versionId }),
        })),
        // Of the result set as an empty chart would be given it: the same whoever files it, and after a crash too.
        bundleSha256: digest(JSON.stringify(transactionOf(set, { observations: [] }, digest))),
      },
    };
  }
}

const rank = ({ study, model }: ResultInChart) => ({ revision: study.revision, version: model.version });

const token = ({ system, value }: { system?: string; value?: string }): string => `${system ?? ''}|${value ?? ''}`;

function ofType<R extends Resource>(bundle: Bundle, type: R['resourceType']): R[] {
  return (bundle.entry ?? []).flatMap(({ resource }) => (resource?.resourceType === type ? [resource as R] : []));
}

function isOf({ subject }: ImagingStudy, patient: string): boolean {
  return subject.reference?.split('/').slice(-2).join('/') === patient;
}

/** `DiagnosticReport/5/_history/1`, relative or absolute. */
function locationOf({
  response,
}: BundleEntry): { resourceType: string; id: string; versionId?: string; status: number } | undefined {
  const parts = /([A-Z]\w+)\/([\w.-]+)(?:\/_history\/([\w.-]+))?$/.exec(response?.location ?? '');
  if (parts?.[1] === undefined || parts[2] === undefined) return undefined;
  const status = Number.parseInt(response?.status ?? '', 10);
  return { resourceType: parts[1], id: parts[2], status, ...(parts[3] === undefined ? {} : { versionId: parts[3] }) };
}
