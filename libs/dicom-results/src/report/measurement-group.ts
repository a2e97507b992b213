import { codes, concept, type CodedConcept, type ModelOfResult, type SourceImage } from '@sightline/findings';
import type { ContentItem, InstanceReference } from '../document/content-item.ts';
import { personObserver } from '../document/observer.ts';
import { dicomInstant } from '../result-clock.ts';
import { algorithmItems } from './algorithm-items.ts';
import { siteItems } from './finding-site.ts';
import { presenceCodes } from './presence-code.ts';
import type { ToldFinding } from './told-finding.ts';

const { dicom, local, ucum } = codes;

/** Objects that show what a finding says. */
export interface Shown {
  /** The segment of a Segmentation that outlines it, and the images it was drawn on. */
  region?: { segment: InstanceReference; sources: readonly InstanceReference[] };
  /** Maps that explain the model's answer. */
  explanations: readonly InstanceReference[];
}

/** What a group is made from besides the finding; `offset` as (0008,0201) has it. */
interface GroupContext {
  model: ModelOfResult;
  offset: string;
  shown: Shown;
}

/**
 * One finding as a measurement group: TID 1501, or with a region TID 1410 on one image and TID 1411 in several. All three are
 * extensible: the sentence (DCM 121106) and the visual explanation (DCM 130401) are additions to them.
 */
export function measurementGroup(told: ToldFinding, { model, offset, shown }: GroupContext): ContentItem {
  const { finding } = told;
  return {
    type: 'CONTAINER',
    relationship: 'CONTAINS',
    name: concept(dicom.measurementGroup),
    template: templateOf(shown),
    // A signed document is later than what the model said (PS3.3 C.17.3).
    observedAt: dicomInstant(told.at, offset).dateTime,
    children: [
      text('HAS OBS CONTEXT', dicom.trackingIdentifier, finding.trackingIdentifier),
      { ...text('HAS OBS CONTEXT', dicom.trackingUniqueIdentifier, finding.trackingUid), type: 'UIDREF' },
      // Of the report as a whole the device is the observer.
      ...(told.by === 'person' ? personObserver(told.finding.observer) : []),
      code(dicom.finding, finding.concept),
      ...siteItems(finding),
      ...(told.by === 'model' ? algorithmItems(model, told.finding.key) : []),
      ...(shown.region === undefined ? [] : regionItems(shown.region)),
      ...finding.sources.map((source) => image(dicom.sourceOfMeasurement, referenceOf(source))),
      ...answer(told),
      ...shown.explanations.map((explanation) => image(dicom.visualExplanation, explanation)),
      text('CONTAINS', dicom.comment, finding.sentence),
    ],
  };
}

function templateOf({ region }: Shown): string {
  if (region === undefined) return '1501';
  return region.sources.length === 1 ? '1410' : '1411';
}

function regionItems({ segment, sources }: NonNullable<Shown['region']>): ContentItem[] {
  const name = sources.length === 1 ? dicom.referencedSegmentationFrame : dicom.referencedSegment;
  return [image(name, segment), ...sources.map((source) => image(dicom.sourceImageForSegmentation, source))];
}

/** What was measured and judged; of a person's correction there is no probability. */
function answer(told: ToldFinding): ContentItem[] {
  if (told.by === 'person') return [code(dicom.presenceOfProperty, presenceCodes.present)];
  const { presence, certainty, measurements } = told.finding;
  return [
    number(concept(dicom.certaintyOfFinding), certainty.probability, ucum.one),
    number(concept(local.decisionThreshold), certainty.threshold, ucum.one),
    ...measurements.map((measured) => number(measured.concept, measured.value, measured.unit)),
    code(dicom.presenceOfProperty, presenceCodes[presence]),
  ];
}

/** An image as a reference to it, with its frame where it is one of many. */
export function referenceOf({ sopClassUid, sopInstanceUid, frame }: SourceImage): InstanceReference {
  return { sopClassUid, sopInstanceUid, ...(frame !== undefined && { frames: [frame] }) };
}

type Name = (typeof dicom)[keyof typeof dicom];

function text(
  relationship: ContentItem['relationship'],
  name: Name,
  said: string,
): ContentItem & { type: 'TEXT' | 'UIDREF' | 'PNAME' } {
  return { type: 'TEXT', relationship, name: concept(name), text: said };
}

function code(name: Name, said: CodedConcept): ContentItem & { type: 'CODE' } {
  return { type: 'CODE', relationship: 'CONTAINS', name: concept(name), code: said };
}

function number(name: CodedConcept, value: number, { code, display }: { code: string; display: string }): ContentItem {
  return { type: 'NUM', relationship: 'CONTAINS', name, value, unit: { code, display } };
}

function image(name: Name, reference: InstanceReference): ContentItem {
  return { type: 'IMAGE', relationship: 'CONTAINS', name: concept(name), reference };
}
