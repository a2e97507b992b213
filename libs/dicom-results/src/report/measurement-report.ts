import { itemsOf, type Uid } from '@sightline/dicom';
import { codes, concept, type CodedConcept, type ResultSet } from '@sightline/findings';
import { codeIn, type CodingSchemes } from '../coding-schemes.ts';
import type { ContentItem, ContentRoot } from '../document/content-item.ts';
import { deviceObserver } from '../document/observer.ts';
import type { SourceInstance } from '../source-instance.ts';
import { imageLibrary } from './image-library.ts';
import { measurementGroup, type Shown } from './measurement-group.ts';
import { toldFindings } from './told-finding.ts';

const { dicom } = codes;

/** What the tree is made from besides the result itself. */
export interface ReportContext {
  device: Uid;
  /** As (0008,0201) has it. */
  offset: string;
  procedures: readonly CodedConcept[];
  /** By tracking UID; nothing of a finding that is a person's. */
  shownOf: (trackingUid: string) => Shown;
}

/** A result as an Imaging Measurement Report (TID 1500). */
export function measurementReport(set: ResultSet, { device, offset, procedures, shownOf }: ReportContext): ContentRoot {
  const groups = toldFindings(set).map((told) =>
    measurementGroup(told, { model: set.model, offset, shown: shownOf(told.finding.trackingUid) }),
  );
  return {
    type: 'CONTAINER',
    template: '1500',
    name: concept(dicom.imagingMeasurementReport),
    children: [
      ...deviceObserver(device),
      ...procedures.map((code): ContentItem => ({
        type: 'CODE',
        relationship: 'HAS CONCEPT MOD',
        name: concept(dicom.procedureReported),
        code,
      })),
      imageLibrary(set.images),
      {
        type: 'CONTAINER',
        relationship: 'CONTAINS',
        name: concept(dicom.imagingMeasurements),
        children: groups,
      },
    ],
  };
}

/** The examination, never the algorithm (DCM 121058): as the images code it, else as the kind of report does. */
export function proceduresOf(set: ResultSet, { dataset }: SourceInstance, schemes: CodingSchemes): CodedConcept[] {
  const stated = itemsOf(dataset, 'ProcedureCodeSequence').flatMap((item) => codeIn(item, schemes) ?? []);
  return stated.length > 0 ? stated : [set.model.reports.code];
}
