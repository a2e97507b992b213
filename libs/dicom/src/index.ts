export { DataSetStructure } from './data-set-structure.ts';
export {
  encodeFileMeta,
  implementationClassUid,
  implementationVersionName,
  readFileMeta,
  type FileMeta,
} from './file-meta.ts';
export { readDataSetHeader, readHeader, type DicomHeader, type RawDataset, type ReadHeader } from './header.ts';
export { isOwnOutput, ownDevice } from './own-output.ts';
export { patientAge, type PatientAge } from './patient-age.ts';
export { decodeMonochromePixels, type DecodedPixels, type MonochromePixels } from './pixels.ts';
export {
  isImageSopClass,
  isStorageSopClass,
  sopClassName,
  storageSopClassUids,
  verificationSopClass,
} from './sop-class.ts';
export { attributes, tagText, type Keyword } from './tag.ts';
export {
  deflatedExplicitVrLittleEndian,
  explicitVrLittleEndian,
  implicitVrLittleEndian,
  isKnownTransferSyntax,
  transferSyntaxName,
} from './transfer-syntax.ts';
export { parseUid, uidFromUuid, uidSchema, type Uid } from './uid.ts';
export { encodeDataSet, encodePart10, type WritableDataset, type WritableValue } from './write-data-set.ts';
