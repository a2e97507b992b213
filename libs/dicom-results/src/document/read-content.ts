import { itemsOf, numberOf, textOf, type WritableDataset } from '@sightline/dicom';
import { codeIn, type CodingSchemes } from '../coding-schemes.ts';
import type { ContentItem, ContentValue, InstanceReference, Relationship } from './content-item.ts';

const relationships: ReadonlySet<string> = new Set<Relationship>([
  'CONTAINS',
  'HAS OBS CONTEXT',
  'HAS CONCEPT MOD',
  'HAS ACQ CONTEXT',
]);

/** What is below a node: items of a value type or relationship that is not used here are passed over. */
export function contentOf(dataset: WritableDataset, schemes: CodingSchemes): ContentItem[] {
  return itemsOf(dataset, 'ContentSequence').flatMap((item) => readItem(item, schemes) ?? []);
}

function readItem(dataset: WritableDataset, schemes: CodingSchemes): ContentItem | undefined {
  const relationship = textOf(dataset, 'RelationshipType');
  const value = readValue(dataset, schemes);
  if (value === undefined || relationship === undefined || !relationships.has(relationship)) return undefined;
  const name = codeIn(itemsOf(dataset, 'ConceptNameCodeSequence')[0], schemes);
  const observedAt = textOf(dataset, 'ObservationDateTime');
  const children = contentOf(dataset, schemes);
  return {
    ...value,
    relationship: relationship as Relationship,
    ...(name && { name }),
    ...(observedAt !== undefined && { observedAt }),
    ...(children.length > 0 && { children }),
  };
}

function readValue(dataset: WritableDataset, schemes: CodingSchemes): ContentValue | undefined {
  const type = textOf(dataset, 'ValueType');
  switch (type) {
    case 'CONTAINER': {
      const template = textOf(itemsOf(dataset, 'ContentTemplateSequence')[0], 'TemplateIdentifier');
      return { type, ...(template !== undefined && { template }) };
    }
    case 'CODE': {
      const code = codeIn(itemsOf(dataset, 'ConceptCodeSequence')[0], schemes);
      return code && { type, code };
    }
    case 'TEXT':
      return readText(type, textOf(dataset, 'TextValue'));
    case 'UIDREF':
      return readText(type, textOf(dataset, 'UID'));
    case 'PNAME':
      return readText(type, textOf(dataset, 'PersonName'));
    case 'NUM':
      return readMeasured(itemsOf(dataset, 'MeasuredValueSequence')[0], schemes);
    case 'IMAGE':
    case 'COMPOSITE': {
      const reference = referenceIn(itemsOf(dataset, 'ReferencedSOPSequence')[0]);
      return reference && { type, reference };
    }
    default:
      return undefined;
  }
}

function readText(type: 'TEXT' | 'UIDREF' | 'PNAME', text: string | undefined): ContentValue | undefined {
  return text === undefined ? undefined : { type, text };
}

function readMeasured(measured: WritableDataset | undefined, schemes: CodingSchemes): ContentValue | undefined {
  const value = numberOf(measured, 'FloatingPointValue') ?? Number(textOf(measured, 'NumericValue') ?? NaN);
  const unit = codeIn(itemsOf(measured, 'MeasurementUnitsCodeSequence')[0], schemes);
  if (!Number.isFinite(value) || unit === undefined) return undefined;
  return { type: 'NUM', value, unit: { code: unit.code, display: unit.display } };
}

function referenceIn(item: WritableDataset | undefined): InstanceReference | undefined {
  const [sopClassUid, sopInstanceUid] = [
    textOf(item, 'ReferencedSOPClassUID'),
    textOf(item, 'ReferencedSOPInstanceUID'),
  ];
  if (sopClassUid === undefined || sopInstanceUid === undefined) return undefined;
  const frames = textOf(item, 'ReferencedFrameNumber')?.split('\\').map(Number);
  const segment = numberOf(item, 'ReferencedSegmentNumber');
  return {
    sopClassUid,
    sopInstanceUid,
    ...(frames && { frames }),
    ...(segment !== undefined && { segments: [segment] }),
  };
}
