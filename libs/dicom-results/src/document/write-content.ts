import type { WritableDataset } from '@sightline/dicom';
import { codes } from '@sightline/findings';
import { codeItem, type CodingSchemes } from '../coding-schemes.ts';
import type { ContentItem, ContentRoot, ContentValue, InstanceReference } from './content-item.ts';
import { decimalString } from './decimal-string.ts';

/** The root as attributes of the document itself (SR Document Content module, PS3.3 C.17.3). */
export function writeRoot(root: ContentRoot, schemes: CodingSchemes): WritableDataset {
  return {
    ...written(root, schemes),
    ConceptNameCodeSequence: [codeItem(root.name, schemes)],
    ContentSequence: root.children.map((child) => writeItem(child, schemes)),
  };
}

function writeItem(item: ContentItem, schemes: CodingSchemes): WritableDataset {
  const { relationship, name, observedAt, children = [] } = item;
  return {
    RelationshipType: relationship,
    ...(observedAt !== undefined && { ObservationDateTime: observedAt }),
    ...written(item, schemes),
    ...(name && { ConceptNameCodeSequence: [codeItem(name, schemes)] }),
    ...(children.length > 0 && { ContentSequence: children.map((child) => writeItem(child, schemes)) }),
  };
}

function written(value: ContentValue, schemes: CodingSchemes): WritableDataset {
  const ValueType = value.type;
  switch (value.type) {
    case 'CONTAINER': {
      const template = value.template && [{ MappingResource: 'DCMR', TemplateIdentifier: value.template }];
      return { ValueType, ContinuityOfContent: 'SEPARATE', ...(template && { ContentTemplateSequence: template }) };
    }
    case 'CODE':
      return { ValueType, ConceptCodeSequence: [codeItem(value.code, schemes)] };
    case 'TEXT':
      return { ValueType, TextValue: value.text };
    case 'UIDREF':
      return { ValueType, UID: value.text };
    case 'PNAME':
      return { ValueType, PersonName: value.text };
    case 'NUM':
      return { ValueType, MeasuredValueSequence: [measuredValue(value, schemes)] };
    case 'IMAGE':
    case 'COMPOSITE':
      return { ValueType, ReferencedSOPSequence: [referenceItem(value.reference)] };
  }
}

/** A decimal string has 16 characters: where they do not hold the number, it stands beside them as a double (PS3.3 C.18.1). */
function measuredValue(
  { value, unit }: Extract<ContentValue, { type: 'NUM' }>,
  schemes: CodingSchemes,
): WritableDataset {
  const { text, exact } = decimalString(value);
  return {
    NumericValue: text,
    ...(exact ? {} : { FloatingPointValue: value }),
    MeasurementUnitsCodeSequence: [codeItem({ system: codes.ucum.one.system, ...unit }, schemes)],
  };
}

function referenceItem({ sopClassUid, sopInstanceUid, frames, segments }: InstanceReference): WritableDataset {
  return {
    ReferencedSOPClassUID: sopClassUid,
    ReferencedSOPInstanceUID: sopInstanceUid,
    ...(frames && { ReferencedFrameNumber: frames.join('\\') }),
    ...(segments && { ReferencedSegmentNumber: segments }),
  };
}
