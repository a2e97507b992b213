import type {
  Bundle,
  Device,
  DiagnosticReport,
  DocumentReference,
  ImagingStudy,
  Observation,
} from '@medplum/fhirtypes';
import { uidSchema } from '@sightline/dicom';
import type { ToldFinding } from '@sightline/dicom-results';
import {
  codes,
  reportStates,
  stateOutside,
  verdictSchema,
  type GivenVerdict,
  type ModelOfResult,
  type ReportState,
  type ResultSet,
} from '@sightline/findings';
import { Chart, componentOf, conceptOf, reviewerOf, uidOf, unsaid } from './chart-resources.ts';
import { findingOf, toldLeaves, toldOf } from './read-chart-finding.ts';

/** What a chart says of a report: the result it was made from, as far as a chart holds it, and what of it stands. */
export interface ChartSays {
  set: ResultSet;
  told: ToldFinding[];
  onlyReport: boolean;
}

/** Reads the resources of one report back, in R4's own terms and by none of the code that wrote them. */
export function readChart(bundle: Bundle): ChartSays {
  const chart = new Chart(bundle);
  const report = chart.only<DiagnosticReport>('DiagnosticReport');
  const leaves = chart.all<Observation>('Observation').filter(isAnswer);
  const findings = leaves.map((leaf) => findingOf(chart, leaf));
  const verdicts = leaves.flatMap((leaf) => verdictOn(chart, leaf) ?? []);
  const { state, onlyReport } = stateOf(report, leaves, chart.corrections);
  const signer = report.resultsInterpreter?.[0];
  const completedAt = leaves[0]?.issued ?? unsaid;
  return {
    set: {
      ...studyOf(chart, report),
      model: modelOf(chart, report),
      findings,
      completedAt,
      edition: 1,
      state,
      review: {
        verdicts,
        ...(signer && { signature: { by: reviewerOf(signer), at: report.issued ?? unsaid } }),
      },
    },
    told: toldLeaves(chart).map((leaf) => toldOf(chart, leaf)),
    onlyReport,
  };
}

/** An answer of AI says how sure it was. */
function isAnswer(one: Observation): boolean {
  return componentOf(one, codes.dicom.certaintyOfFinding.code) !== undefined;
}

function verdictOn(chart: Chart, leaf: Observation): GivenVerdict | undefined {
  const [, answer] = leaf.note ?? [];
  if (answer?.authorReference === undefined) return undefined;
  const [said, verdict = unsaid] = /^(Accepted|Rejected|Corrected)/.exec(answer.text ?? '') ?? [];
  const url = chart.urlOf(leaf);
  const human = chart.corrections.find(({ derivedFrom }) => derivedFrom?.some(({ reference }) => reference === url));
  return {
    ...verdictSchema.parse({
      verdict: verdict.toLowerCase(),
      trackingUid: uidOf(leaf.identifier?.[1]?.value),
      ...(said === 'Rejected' && { reason: answer.text?.slice('Rejected: '.length) }),
      ...(said === 'Corrected' && { concept: conceptOf(human?.code.coding?.[0]) }),
    }),
    by: reviewerOf(answer.authorReference),
    at: answer.time ?? unsaid,
  };
}

/** A state in which its resources have these statuses: where something stands, the only one. */
function stateOf(
  { status }: DiagnosticReport,
  leaves: readonly Observation[],
  corrections: readonly Observation[],
): { state: ReportState; onlyReport: boolean } {
  const standing = [...leaves, ...corrections].map((one) => one.status).filter((one) => one !== 'cancelled');
  const possible = [true, false].flatMap((onlyReport) =>
    reportStates
      .map((state) => ({ state, onlyReport, outside: stateOutside(state, { onlyReport }) }))
      .filter(({ outside }) => outside.diagnosticReport === status)
      .filter(({ outside }) => standing.every((one) => one === outside.observation)),
  );
  const [found] = possible;
  if (found === undefined) throw new Error(`no report is ${status} with ${standing.join()}`);
  return found;
}

function studyOf(chart: Chart, report: DiagnosticReport): Pick<ResultSet, 'study' | 'images' | 'generation'> {
  const { identifier, modality = [], series = [], started } = chart.only<ImagingStudy>('ImagingStudy');
  const values = report.identifier?.map(({ value }) => value ?? unsaid) ?? [];
  return {
    study: {
      studyInstanceUid: uidOf(identifier?.[0]?.value) ?? unsaid,
      revision: Number(/\/(\d+)$/.exec(values[1] ?? unsaid)?.[1]),
      patient: {},
      modalities: modality.map(({ code }) => code ?? unsaid),
      ...(started !== undefined && { startedAt: started }),
    },
    images: series.flatMap((one) =>
      (one.instance ?? []).map((instance) => ({
        seriesInstanceUid: uidSchema.parse(one.uid),
        sopClassUid: uidSchema.parse(uidOf(instance.sopClass.code)),
        sopInstanceUid: uidSchema.parse(instance.uid),
        modality: one.modality.code ?? unsaid,
      })),
    ),
    generation: Number(/\/(\d+)$/.exec(values[0] ?? unsaid)?.[1]),
  };
}

function modelOf(chart: Chart, { category = [], code }: DiagnosticReport): ModelOfResult {
  const device = chart.all<Device>('Device').find(({ version }) => version !== undefined);
  const named = (type: string) => device?.deviceName?.find((one) => one.type === type)?.name ?? unsaid;
  const [version, file] = device?.version ?? [];
  const card = chart.all<DocumentReference>('DocumentReference')[0]?.content[0]?.attachment.data;
  return {
    name: named('model-name'),
    title: named('user-friendly-name'),
    version: version?.value ?? unsaid,
    sha256: file?.value ?? unsaid,
    intendedUse: device?.note?.[0]?.text ?? unsaid,
    reports: { category: category.map(({ coding }) => conceptOf(coding?.[0])), code: conceptOf(code.coding?.[0]) },
    ...(card !== undefined && { card: Buffer.from(card, 'base64').toString() }),
  };
}
