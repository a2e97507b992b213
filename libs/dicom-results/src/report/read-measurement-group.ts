import { codes, findingSchema, type CodedConcept, type Finding, type SourceImage } from '@sightline/findings';
import type { ContentItem, InstanceReference } from '../document/content-item.ts';
import { plainName } from '../limited-text.ts';
import { parameters } from './algorithm-items.ts';
import { sideOfCode } from './finding-site.ts';
import { presenceOf } from './presence-code.ts';
import type { CorrectedFinding, ToldFinding } from './told-finding.ts';

const { dicom, local, snomed } = codes;

/** A group as what was told in it, with the objects that show it, or what it lacks. */
export type ReadGroup =
  | { kind: 'told'; told: ToldFinding; regions: InstanceReference[]; explanations: InstanceReference[] }
  | { kind: 'invalid'; reason: string };

/** `seriesOf` gives the series that the document's evidence lists an instance in. */
export function readMeasurementGroup(
  group: ContentItem,
  seriesOf: (sopInstanceUid: string) => string | undefined,
): ReadGroup {
  const items = group.children ?? [];
  const parsed = findingSchema.safeParse({ ...partsOf(items, seriesOf), ...answerOf(items) });
  if (!parsed.success) {
    const lacking = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
    return { kind: 'invalid', reason: `a measurement group that is no finding: ${lacking}` };
  }
  const observer = textAt(items, dicom.personObserverName);
  return {
    kind: 'told',
    told:
      observer === undefined
        ? { by: 'model', finding: parsed.data }
        : { by: 'person', finding: corrected(parsed.data, plainName(observer)) },
    regions: [...imagesAt(items, dicom.referencedSegment), ...imagesAt(items, dicom.referencedSegmentationFrame)],
    explanations: imagesAt(items, dicom.visualExplanation),
  };
}

function corrected(finding: Finding, observer: string): CorrectedFinding {
  const { trackingIdentifier, trackingUid, concept, site, laterality, sources, sentence } = finding;
  return {
    trackingIdentifier,
    trackingUid,
    concept,
    ...(site && { site }),
    laterality,
    sources,
    observer,
    sentence,
  };
}

/** What any observer says. */
function partsOf(items: readonly ContentItem[], seriesOf: (sopInstanceUid: string) => string | undefined): object {
  const place = items.find((item) => isNamed(item, snomed.findingSite));
  const side = codeAt(place?.children ?? [], snomed.laterality) ?? codeAt(items, snomed.laterality);
  const site = place?.type === 'CODE' ? place.code : undefined;
  return {
    trackingIdentifier: textAt(items, dicom.trackingIdentifier),
    trackingUid: textAt(items, dicom.trackingUniqueIdentifier),
    concept: codeAt(items, dicom.finding),
    ...(site && { site }),
    laterality: (side && sideOfCode(side)) ?? 'unknown',
    sources: imagesAt(items, dicom.sourceOfMeasurement).map((reference) => sourceOf(reference, seriesOf)),
    sentence: textAt(items, dicom.comment),
  };
}

/** What the model says; a person's correction has no number and no output, and stands as certain as it was said. */
function answerOf(items: readonly ContentItem[]): object {
  const presence = codeAt(items, dicom.presenceOfProperty);
  const byPerson = textAt(items, dicom.personObserverName) !== undefined;
  const numbers = items.filter((item) => item.type === 'NUM');
  const judged = [dicom.certaintyOfFinding, local.decisionThreshold];
  const [probability, threshold] = judged.map((name) => numbers.find((item) => isNamed(item, name))?.value);
  return {
    key: byPerson ? 'corrected' : outputOf(items),
    presence: presence && presenceOf(presence),
    certainty: byPerson ? { probability: 1, threshold: 0 } : { probability, threshold },
    measurements: numbers
      .filter((item) => !judged.some((name) => isNamed(item, name)))
      .map(({ name, value, unit }) => ({ concept: name, value, unit })),
  };
}

function outputOf(items: readonly ContentItem[]): string | undefined {
  return parameterOf(items, parameters.output);
}

/** An Algorithm Parameter (DCM 111002) by how it begins. */
export function parameterOf(items: readonly ContentItem[], beginning: string): string | undefined {
  return textsAt(items, dicom.algorithmParameters)
    .find((text) => text.startsWith(beginning))
    ?.slice(beginning.length);
}

function sourceOf(
  { sopClassUid, sopInstanceUid, frames }: InstanceReference,
  seriesOf: (sopInstanceUid: string) => string | undefined,
): Record<keyof SourceImage, unknown> | object {
  const [frame] = frames ?? [];
  const seriesInstanceUid = seriesOf(sopInstanceUid);
  return { seriesInstanceUid, sopClassUid, sopInstanceUid, ...(frame !== undefined && { frame }) };
}

type Name = Pick<CodedConcept, 'system' | 'code'>;

export function isNamed({ name }: ContentItem, wanted: Name): boolean {
  return name?.system === wanted.system && name.code === wanted.code;
}

export function textAt(items: readonly ContentItem[], name: Name): string | undefined {
  return textsAt(items, name)[0];
}

function textsAt(items: readonly ContentItem[], name: Name): string[] {
  return items.flatMap((item) => (isNamed(item, name) && 'text' in item ? [item.text] : []));
}

export function codeAt(items: readonly ContentItem[], name: Name): CodedConcept | undefined {
  return items.flatMap((item) => (isNamed(item, name) && item.type === 'CODE' ? [item.code] : []))[0];
}

function imagesAt(items: readonly ContentItem[], name: Name): InstanceReference[] {
  return items.flatMap((item) => (isNamed(item, name) && item.type === 'IMAGE' ? [item.reference] : []));
}
