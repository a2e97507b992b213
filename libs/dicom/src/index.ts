export { DataSetStructure } from './data-set-structure.ts';
export {
  encodeFileMeta,
  implementationClassUid,
  implementationVersionName,
  readFileMeta,
  type FileMeta,
} from './file-meta.ts';
export {
  readDataSetHeader,
  readHeader,
  type DicomHeader,
  type Inflate,
  type RawDataset,
  type ReadHeader,
} from './header.ts';
export { isOwnOutput, ownDevice } from './own-output.ts';
export { patientAge, type PatientAge } from './patient-age.ts';
export { bytesSource, type ByteSource } from './pixels/byte-source.ts';
export { decodeMonochromePixels, type DecodedPixels, type MonochromePixels } from './pixels/decode-monochrome.ts';
export { displayGrey } from './pixels/display-grey.ts';
export { modalityValues } from './pixels/modality-values.ts';
export { openPixels } from './pixels/open-pixels.ts';
export { rgbPixels } from './pixels/rgb-pixels.ts';
export type { StoredFrame } from './pixels/stored-frame.ts';
export {
  isImageSopClass,
  isStorageSopClass,
  sopClassName,
  storageSopClassUids,
  verificationSopClass,
} from './sop-class.ts';
export { attributes, type Keyword } from './tag.ts';
export {
  deflatedExplicitVrLittleEndian,
  explicitVrLittleEndian,
  implicitVrLittleEndian,
  isKnownTransferSyntax,
  transferSyntaxName,
} from './transfer-syntax.ts';
export { parseUid, uidFromUuid, uidSchema, type Uid } from './uid.ts';
export { itemsOf, numberOf, readDataset, textOf, type ReadDataset } from './read-data-set.ts';
export { encodeDataSet, encodePart10, type WritableDataset, type WritableValue } from './write-data-set.ts';
export { assembleVolumes, type AssembledSeries, type RefusedFrames } from './volume/assemble-volumes.ts';
export { compareDuplicates } from './volume/compare-duplicates.ts';
export { describeFrames, type DescribedFrames } from './volume/describe-frames.ts';
export type { FrameDescription, FrameReference } from './volume/frame-description.ts';
export type { FrameValues, ReadFrame } from './volume/read-slices.ts';
export { readVoxels, type ReadVoxels } from './volume/read-voxels.ts';
export { readResampled } from './volume/read-resampled.ts';
export { straightened } from './volume/target-grid.ts';
export type { Geometry, Volume, Voxels } from './volume/volume.ts';
export { sayIssue, sayRefusal } from './volume/say-issue.ts';
export type { VolumeIssue, VolumeRefusal } from './volume/volume-issue.ts';
