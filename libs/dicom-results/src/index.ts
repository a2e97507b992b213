export type { DicomObject } from './dicom-object.ts';
export { dicomObjectsOf, type DicomObjects, type FiledObject, type ObjectOptions } from './dicom-objects-of.ts';
export type { EvidenceOfStudy } from './document/evidence.ts';
export { readRejectionNote, type ReadNote, type RejectionNote } from './key-objects/read-rejection-note.ts';
export type { RejectionReason } from './key-objects/rejection-note.ts';
export type { HeatMap, PictureOfResult, Region } from './pictures/picture-of-result.ts';
export { readStructuredReport, type ReadReport, type StructuredReport } from './report/read-structured-report.ts';
export { toldFindings, type CorrectedFinding, type ToldFinding } from './report/told-finding.ts';
export { readSourceInstance, type ReadSource, type SourceInstance, type SourceInstances } from './source-instance.ts';
