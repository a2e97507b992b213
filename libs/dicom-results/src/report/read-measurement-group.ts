import { codes, findingSchema, type CodedConcept } from '@sightline/findings';
import type { z } from 'zod';
import type { ContentItem, InstanceReference } from '../document/content-item.ts';
import { plainName } from '../limited-text.ts';
import { isoInstant } from '../result-clock.ts';
import { parameters } from './algorithm-items.ts';
import { sideOfCode } from './finding-site.ts';
import { presenceOf } from './presence-code.ts';
import { correctedFindingSchema, type ToldFinding } from './told-finding.ts';

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
  const at = isoInstant(group.observedAt ?? '');
  if (at === undefined) return { kind: 'invalid', reason: 'a measurement group that does not say when' };
  const read = toldIn(items, at, partsOf(items, seriesOf));
  if (read.kind === 'invalid') return read;
  return {
    ...read,
    regions: [...imagesAt(items, dicom.referencedSegment), ...imagesAt(items, dicom.referencedSegmentationFrame)],
    explanations: imagesAt(items, dicom.visualExplanation),
  };
}

type ReadTold = { kind: 'told'; told: ToldFinding } | { kind: 'invalid'; reason: string };

function toldIn(items: readonly ContentItem[], at: string, parts: object): ReadTold {
  const observer = textAt(items, dicom.personObserverName);
  if (observer !== undefined) {
    const person = correctedFindingSchema.safeParse({ ...parts, observer: plainName(observer) });
    return person.success ? { kind: 'told', told: { by: 'person', at, finding: person.data } } : lacking(person.error);
  }
  const model = findingSchema.safeParse({ ...parts, ...answerOf(items) });
  return model.success ? { kind: 'told', told: { by: 'model', at, finding: model.data } } : lacking(model.error);
}

function lacking({ issues }: z.ZodError): ReadTold {
  const parts = issues.map(({ path }) => path.join('.')).join(', ');
  return { kind: 'invalid', reason: `a measurement group that is no finding: ${parts}` };
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

/** What the model says of it. */
function answerOf(items: readonly ContentItem[]): object {
  const presence = codeAt(items, dicom.presenceOfProperty);
  const numbers = items.filter((item) => item.type === 'NUM');
  const judged = [dicom.certaintyOfFinding, local.decisionThreshold];
  const [probability, threshold] = judged.map((name) => numbers.find((item) => isNamed(item, name))?.value);
  return {
    key: parameterOf(items, parameters.output),
    presence: presence && presenceOf(presence),
    certainty: { probability, threshold },
    measurements: numbers
      .filter((item) => !judged.some((name) => isNamed(item, name)))
      .map(({ name, value, unit }) => ({ concept: name, value, unit })),
  };
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
): object {
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
