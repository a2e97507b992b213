import type { DiagnosticReport, ImagingStudy, Media, Observation, Resource } from '@medplum/fhirtypes';
import { uidSchema } from '@sightline/dicom';
import type { ToldFinding } from '@sightline/dicom-results';
import { codes, findingSchema, type CodedConcept, type Finding, type Laterality } from '@sightline/findings';
import {
  codingOf,
  componentOf,
  conceptOf,
  numberAt,
  reviewerOf,
  uidOf,
  unsaid,
  type Chart,
} from './chart-resources.ts';

/** The answers of a report that stand, AI's and people's: neither a number nor what somebody took back. */
export function toldLeaves(chart: Chart): Observation[] {
  const { result = [] } = chart.only<DiagnosticReport>('DiagnosticReport');
  return result
    .map(({ reference }) => chart.at<Observation>(reference))
    .filter(({ valueQuantity, status }) => valueQuantity === undefined && status !== 'cancelled');
}

export function toldOf(chart: Chart, one: Observation): ToldFinding {
  const [performer] = one.performer ?? [];
  if (performer === undefined) return { by: 'model', at: one.issued ?? unsaid, finding: findingOf(chart, one) };
  const by = reviewerOf(performer);
  const finding = { ...sharedOf(chart, one), observer: by.name ?? by.subject };
  return { by: 'person', at: one.issued ?? unsaid, finding };
}

export function findingOf(chart: Chart, leaf: Observation): Finding {
  const presence = codingOf(leaf.valueCodeableConcept) ?? unsaid;
  const probability = numberAt(leaf, codes.dicom.certaintyOfFinding.code);
  const component = componentOf(leaf, codes.dicom.presenceOfProperty.code);
  if (codingOf(component?.valueCodeableConcept) !== presence || confidenceOf(leaf) !== probability)
    throw new Error('a finding that contradicts itself');
  const finding = findingSchema.parse({
    ...sharedOf(chart, leaf),
    key: 'unsaid',
    trackingIdentifier: 'unsaid',
    presence: presences[presence],
    certainty: {
      probability,
      threshold: numberAt(leaf, codes.local.decisionThreshold.code),
    },
    measurements: measurementsOf(chart, leaf),
  });
  return { ...finding, key: unsaid, trackingIdentifier: unsaid };
}

function confidenceOf({ extension = [] }: Observation): number | undefined {
  return extension.find(({ url }) => url.endsWith('/AIconfidence'))?.valueDecimal;
}

/** What both AI and people say of a finding. */
function sharedOf(chart: Chart, one: Observation) {
  const images = chart.only<ImagingStudy>('ImagingStudy');
  const media = (one.derivedFrom ?? []).flatMap(({ reference }) => {
    const source = chart.at<Resource>(reference);
    return source.resourceType === 'Media' ? [source] : [];
  });
  const laterality = sides[codingOf(componentOf(one, codes.snomed.laterality.code)?.valueCodeableConcept) ?? ''];
  if (laterality === undefined) throw new Error('no side');
  const site = siteOf(chart, one, laterality);
  return {
    trackingIdentifier: unsaid,
    trackingUid: uidSchema.parse(uidOf(one.identifier?.[1]?.value)),
    concept: conceptOf(one.code.coding?.[0]),
    ...(site && { site }),
    laterality,
    sources: media.map((image) => sourceOf(image, images)),
    sentence: one.note?.[0]?.text ?? unsaid,
  };
}

function sourceOf({ identifier }: Media, { series = [] }: ImagingStudy) {
  const uid = uidOf(identifier?.[0]?.value);
  const found = series.flatMap((one) =>
    (one.instance ?? []).flatMap((instance) => (instance.uid === uid ? [{ series: one.uid, instance }] : [])),
  )[0];
  return {
    seriesInstanceUid: uidSchema.parse(found?.series),
    sopClassUid: uidSchema.parse(uidOf(found?.instance.sopClass.code)),
    sopInstanceUid: uidSchema.parse(uid),
  };
}

function measurementsOf(chart: Chart, leaf: Observation): Finding['measurements'] {
  return chart.measuredWith(leaf).map(({ code, valueQuantity }) => ({
    concept: conceptOf(code.coding?.[0]),
    value: valueQuantity?.value ?? Number.NaN,
    unit: { code: valueQuantity?.code ?? unsaid, display: valueQuantity?.unit ?? unsaid },
  }));
}

const presences: Readonly<Record<string, Finding['presence']>> = {
  [codes.snomed.present.code]: 'present',
  [codes.snomed.absent.code]: 'absent',
  [codes.local.notPrioritised.code]: 'not-prioritised',
};

const sides: Readonly<Record<string, Laterality>> = {
  [codes.snomed.left.code]: 'left',
  [codes.snomed.right.code]: 'right',
  [codes.snomed.rightAndLeft.code]: 'bilateral',
  [codes.snomed.unknown.code]: 'unknown',
};

const { leftLung, rightLung, lung, leftEye, rightEye, eye } = codes.snomed;
const halves: Readonly<Record<string, { whole: CodedConcept; side: Laterality }>> = {
  [leftLung.code]: { whole: conceptOf(lung), side: 'left' },
  [rightLung.code]: { whole: conceptOf(lung), side: 'right' },
  [leftEye.code]: { whole: conceptOf(eye), side: 'left' },
  [rightEye.code]: { whole: conceptOf(eye), side: 'right' },
};

/** A site with a side is one code for both, or a BodyStructure that says them apart. */
function siteOf(chart: Chart, { bodySite }: Observation, laterality: Laterality): CodedConcept | undefined {
  if (bodySite === undefined) return undefined;
  const structure = bodySite.extension?.[0]?.valueReference?.reference;
  if (structure === undefined) {
    const half = halves[codingOf(bodySite) ?? ''];
    return half?.side === laterality ? half.whole : conceptOf(bodySite.coding?.[0]);
  }
  const found = chart.at<Resource>(structure);
  if (found.resourceType !== 'BodyStructure' || sides[codingOf(found.locationQualifier?.[0]) ?? ''] !== laterality)
    throw new Error('a structure on another side');
  return conceptOf(found.location?.coding?.[0]);
}
