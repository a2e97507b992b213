import { encodePart10, ownDevice, type Uid, type WritableDataset, type WritableValue } from '@sightline/dicom';
import type { ResultSet } from '@sightline/findings';
import type { CodingSchemes } from './coding-schemes.ts';
import { limitedText } from './limited-text.ts';

/** A SOP Instance of ours: a Part 10 file, in Explicit VR Little Endian. */
export interface DicomObject {
  sopClassUid: string;
  sopInstanceUid: Uid;
  seriesInstanceUid: Uid;
  bytes: Uint8Array;
}

/** Which object it is. */
export interface Identity {
  sopClassUid: string;
  sopInstanceUid: Uid;
  seriesInstanceUid: Uid;
}

/** SOP Common module (PS3.3 C.12.1): text is ASCII, or UTF-8 and says so; the private coding schemes that are used are identified. */
export function dicomObject(identity: Identity, dataset: WritableDataset, schemes: CodingSchemes): DicomObject {
  const used = designatorsIn(dataset);
  const identified = schemes.identification.filter(({ CodingSchemeDesignator }) => used.has(CodingSchemeDesignator));
  const bytes = encodePart10({
    ...(isAscii(dataset) ? {} : { SpecificCharacterSet: 'ISO_IR 192' }),
    ...(identified.length > 0 && { CodingSchemeIdentificationSequence: identified }),
    ...dataset,
    SOPClassUID: identity.sopClassUid,
    SOPInstanceUID: identity.sopInstanceUid,
    SeriesInstanceUID: identity.seriesInstanceUid,
  });
  return { ...identity, bytes };
}

function designatorsIn(dataset: WritableDataset): ReadonlySet<WritableValue | undefined> {
  const below = Object.values(dataset).flatMap((value) =>
    Array.isArray(value)
      ? value.filter((entry) => typeof entry === 'object').flatMap((entry) => [...designatorsIn(entry)])
      : [],
  );
  return new Set([dataset.CodingSchemeDesignator, ...below]);
}

function isAscii(value: WritableValue | WritableDataset | undefined): boolean {
  if (typeof value === 'string') return !/[^\p{ASCII}]/u.test(value);
  if (typeof value !== 'object' || value instanceof Uint8Array) return true;
  return Object.values(value).every(isAscii);
}

/** The equipment that signs what we make (PS3.3 C.7.5.1, C.7.5.2): it is how our own output is known again. */
export function equipment({ model }: ResultSet): WritableDataset {
  return {
    Manufacturer: ownDevice.manufacturer,
    ManufacturerModelName: ownDevice.modelName,
    DeviceSerialNumber: model.sha256.slice(0, 16),
    SoftwareVersions: limitedText('LO', `${model.name} ${model.version}`),
  };
}
