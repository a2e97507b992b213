import { createHash } from 'node:crypto';
import type { Artefact, Instance } from '@sightline/contracts';
import { isImageSopClass } from '@sightline/dicom';
import type { CodedConcept, Finding, ReportState } from '@sightline/findings';
import type { User } from '@sightline/platform';
import { correctionsOf } from './corrections.ts';
import type { FiledReport } from './filed-reports.ts';
import { mayOf } from './may-review.ts';
import type { ModelShelf } from './model-shelf.ts';
import { noModel } from './project-messages.ts';
import { standingOf, type Given, type Standing } from './report-standing.ts';
import { sayWhyFailed, sayWhyNotRead } from './say-why-not-read.ts';
import type { SentReview } from './sent-reviews.ts';
import type { ListedStudy, OpenStudy, Reading, StudyRow } from './studies.ts';
import type {
  FindingView,
  ImageView,
  ReportView,
  ReviewerView,
  StudySummary,
  StudyView,
  VerdictView,
} from './study-view.ts';

/** Turns rows of the projection into what the page shows. */
export class StudyShow {
  constructor(
    private readonly shelf: ModelShelf,
    private readonly fhirBaseUrl: string,
  ) {}

  summary(row: ListedStudy): StudySummary {
    const findings = row.readings.flatMap(findingsOf);
    const leading = findings.toSorted(byWeight)[0];
    const skipped = row.readings.map(({ outcome }) => outcome).find((outcome) => outcome?.kind === 'skipped');
    return {
      ...base(row),
      newerSinceSigned: row.newer_since_signed,
      ...optional('reviewed', stateOfAll(row)),
      ...(leading === undefined
        ? {}
        : {
            leading: {
              display: leading.concept.display,
              presence: leading.presence,
              probability: leading.certainty.probability,
            },
          }),
      ...(row.state === 'refused' && skipped?.kind === 'skipped'
        ? { note: sayWhyNotRead(skipped.reason, row.context.modalities).note }
        : {}),
    };
  }

  async study(row: OpenStudy, user: User): Promise<StudyView> {
    const standings = new Map(row.readings.map((reading) => [reading, this.standing(row, reading)]));
    return {
      ...base(row),
      ...optional('inferredAt', newest(row.readings.map(({ completed_at }) => completed_at))),
      ...optional('filedAt', newest([...standings.values()].map(({ inChart }) => inChart?.filed_at ?? null))),
      reports: await Promise.all(
        [...standings].map(([reading, standing]) => this.report(row, reading, standing, user)),
      ),
      images: images(row),
    };
  }

  standing({ context, filed, reviews }: OpenStudy, { model, revision }: Reading): Standing {
    const shown = { studyInstanceUid: context.studyInstanceUid, model, revision };
    return standingOf(shown, filed, reviews, this.fhirBaseUrl);
  }

  private async report(row: OpenStudy, reading: Reading, standing: Standing, user: User): Promise<ReportView> {
    const model = await this.model(reading);
    const hasFindings = reading.outcome?.kind === 'findings';
    const { inChart, reviewedBy, signedBefore } = standing;
    return {
      ...(model === undefined
        ? {}
        : { model: { name: model.name, version: model.version, ...optional('title', model.manifest?.title) } }),
      ...answer(row, reading, model?.manifest?.applicability),
      findings: findingsOf(reading)
        .toSorted(byWeight)
        .map((one) => finding(one, standing, correctionsOf(one, model?.manifest))),
      ...this.chart(row, reading, inChart),
      ...optional('state', hasFindings ? standing.state : inChart?.state),
      ...optional('generation', inChart?.generation),
      closedInChart: inChart?.closed ?? false,
      alsoSentTo: standing.alsoSentTo,
      seen: standing.seen,
      ...optional('reviewedBy', reviewedBy && { ...reviewer(reviewedBy), signed: reviewedBy.signed }),
      ...optional('signature', standing.signature),
      ...optional(
        'signedBefore',
        signedBefore && {
          reportUrl: this.link(signedBefore.report.report_url),
          ...optional('by', signedBefore.by && reviewer(signedBefore.by)),
        },
      ),
      may: mayOf(reading, standing, user),
      ...optional('requestedAt', iso(reading.requested_at)),
      ...optional('deadline', iso(reading.deadline)),
      ...optional('startedAt', iso(reading.started_at)),
      ...optional('completedAt', iso(reading.completed_at)),
      ...optional('filedAt', iso(inChart?.filed_at ?? null)),
    };
  }

  private async model({ model }: Reading) {
    if (model === noModel) return undefined;
    const [name = '', version = ''] = model.split('@');
    const manifest = await this.shelf.find({ name, version });
    return { name, version, manifest };
  }

  private chart(
    { context }: StudyRow,
    { model }: Reading,
    inChart: FiledReport | undefined,
  ): Pick<ReportView, 'reportUrl' | 'chartUrl'> {
    if (inChart === undefined) return {};
    const chartUrl = `/api/studies/${context.studyInstanceUid}/reports/${model}`;
    return { reportUrl: this.link(inChart.report_url), chartUrl };
  }

  /** The writer's address of the FHIR server need not be the one others know. */
  link(reportUrl: string): string {
    const id = reportUrl.split('/').at(-1) ?? '';
    return `${this.fhirBaseUrl.replace(/\/$/, '')}/DiagnosticReport/${encodeURIComponent(id)}`;
  }
}

type Applicability = Parameters<typeof sayWhyNotRead>[2];

function answer(
  { context }: StudyRow,
  { outcome, overdue }: Reading,
  applicability: Applicability,
): Pick<ReportView, 'outcome' | 'reason' | 'reasonText' | 'detail'> {
  if (outcome === null) return { outcome: overdue ? 'overdue' : 'pending' };
  switch (outcome.kind) {
    case 'findings':
      return { outcome: 'findings' };
    case 'skipped':
      return {
        outcome: 'skipped',
        reason: outcome.reason,
        reasonText: sayWhyNotRead(outcome.reason, context.modalities, applicability).sentence,
        ...optional('detail', outcome.detail === '' ? undefined : outcome.detail),
      };
    case 'failed':
      return {
        outcome: 'failed',
        reason: outcome.failure.kind,
        reasonText: sayWhyFailed(outcome.failure.kind),
        detail: outcome.failure.message,
      };
  }
}

function finding(one: Finding, standing: Standing, corrections: CodedConcept[]): FindingView {
  const { key, trackingUid, sources, concept, site, laterality, presence, certainty, sentence } = one;
  const inForce = standing.inForce.get(trackingUid);
  const pending = standing.pending.get(trackingUid);
  return {
    key,
    trackingUid,
    sopInstanceUid: sources[0]?.sopInstanceUid ?? '',
    concept,
    ...optional('site', site),
    laterality,
    presence,
    ...certainty,
    sentence,
    corrections,
    ...optional('verdict', inForce && verdict(inForce)),
    ...optional('pending', pending && { ...verdict(pending), state: pending.pending }),
  };
}

function verdict({ verdict: given, by }: Given): VerdictView {
  const { trackingUid: _trackingUid, ...said } = given;
  return { ...said, ...optional('by', by && reviewer(by)) };
}

function reviewer({ subject, name, role, recorded_at }: SentReview): ReviewerView {
  return { subject, ...optional('name', name ?? undefined), role, at: recorded_at.toISOString() };
}

function base(row: StudyRow): Omit<StudySummary, 'leading' | 'note' | 'reviewed' | 'newerSinceSigned'> {
  const { context } = row;
  const { name, id, birthDate, sex } = context.patient;
  return {
    studyInstanceUid: context.studyInstanceUid,
    state: row.state,
    revision: row.revision,
    patient: {
      ...optional('name', name),
      ...optional('id', id),
      ...optional('birthDate', birthDate),
      ...optional('sex', sex),
    },
    ...optional('description', context.description),
    ...optional('accession', context.accessionNumber),
    modalities: context.modalities,
    ...optional('startedAt', context.startedAt),
    receivedAt: new Date(row.received_at).toISOString(),
    positive: row.positive,
  };
}

function stateOfAll({ readings }: ListedStudy): ReportState | undefined {
  const read = readings.filter(({ outcome }) => outcome?.kind === 'findings');
  const [first, ...others] = new Set(read.map(({ state }) => state ?? 'unreviewed'));
  return others.length === 0 ? first : undefined;
}

/** Present before absent, more probable before less. */
function byWeight(a: Finding, b: Finding): number {
  const present = Number(b.presence === 'present') - Number(a.presence === 'present');
  return present === 0 ? b.certainty.probability - a.certainty.probability : present;
}

export function findingsOf({ outcome }: Pick<Reading, 'outcome'>): Finding[] {
  return outcome?.kind === 'findings' ? outcome.findings : [];
}

export function artefactsOf(row: StudyRow): Artefact[] {
  return row.readings.flatMap(({ outcome }) => (outcome?.kind === 'findings' ? outcome.artefacts : []));
}

/** What a model was shown first, then every other image, series by series. */
function images(row: StudyRow): ImageView[] {
  const artefacts = artefactsOf(row);
  const keyImages = new Set(
    artefacts.filter(({ kind }) => kind === 'key-image').map(({ source }) => String(source.sopInstanceUid)),
  );
  return (row.instances ?? [])
    .filter(({ sopClassUid }) => isImageSopClass(sopClassUid))
    .toSorted(
      (a, b) => Number(keyImages.has(b.sopInstanceUid)) - Number(keyImages.has(a.sopInstanceUid)) || inSeries(a, b),
    )
    .map((instance) => image(row, instance, artefacts));
}

function inSeries(a: Instance, b: Instance): number {
  if (a.seriesInstanceUid !== b.seriesInstanceUid) return a.seriesInstanceUid < b.seriesInstanceUid ? -1 : 1;
  return (a.instanceNumber ?? 0) - (b.instanceNumber ?? 0);
}

function image(row: StudyRow, instance: Instance, artefacts: Artefact[]): ImageView {
  const { sopInstanceUid, seriesInstanceUid, modality } = instance;
  const here = artefacts.filter(({ source }) => source.sopInstanceUid === sopInstanceUid);
  const keyImage = here.find(({ kind }) => kind === 'key-image');
  const folder = `/api/studies/${row.context.studyInstanceUid}`;
  return {
    sopInstanceUid,
    seriesInstanceUid,
    modality,
    url: `${folder}/images/${sopInstanceUid}.png?v=${short(keyImage?.objectKey ?? instance.objectKey)}`,
    heatMaps: here.flatMap(({ kind, findingKey, objectKey }) =>
      kind === 'heat-map' && findingKey !== undefined
        ? [{ findingKey, url: `${folder}/heat-maps/${findingKey}/${sopInstanceUid}.png?v=${short(objectKey)}` }]
        : [],
    ),
  };
}

/** Tells one object from another under the same path. */
function short(objectKey: string): string {
  return createHash('sha256').update(objectKey).digest('hex').slice(0, 12);
}

function newest(times: (Date | null)[]): string | undefined {
  const last = times.filter((time) => time !== null).toSorted((a, b) => b.getTime() - a.getTime())[0];
  return iso(last ?? null);
}

function iso(time: Date | null): string | undefined {
  return time?.toISOString();
}

function optional<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { [P in K]?: V };
}
