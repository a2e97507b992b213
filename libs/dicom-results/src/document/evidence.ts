import { itemsOf, textOf, type WritableDataset } from '@sightline/dicom';

/** An instance and the series it lies in. */
export interface Evidence {
  seriesInstanceUid: string;
  sopClassUid: string;
  sopInstanceUid: string;
}

/** An instance with the study it lies in. */
export type EvidenceOfStudy = Evidence & { studyInstanceUid: string };

/** The one item of a hierarchical SOP Instance reference into a study (PS3.3 C.17.2.1): each instance once, in the order first named. */
export function evidenceItem(studyInstanceUid: string, named: readonly Evidence[]): WritableDataset {
  const series = new Map<string, Map<string, Evidence>>();
  for (const instance of named) {
    const known = series.get(instance.seriesInstanceUid) ?? new Map<string, Evidence>();
    series.set(instance.seriesInstanceUid, known.set(instance.sopInstanceUid, instance));
  }
  return {
    StudyInstanceUID: studyInstanceUid,
    ReferencedSeriesSequence: [...series].map(([seriesInstanceUid, instances]) => ({
      SeriesInstanceUID: seriesInstanceUid,
      ReferencedSOPSequence: [...instances.values()].map(({ sopClassUid, sopInstanceUid }) => ({
        ReferencedSOPClassUID: sopClassUid,
        ReferencedSOPInstanceUID: sopInstanceUid,
      })),
    })),
  };
}

/** Every instance that items of hierarchical references name. */
export function evidenceIn(items: readonly WritableDataset[]): EvidenceOfStudy[] {
  return items.flatMap((study) =>
    itemsOf(study, 'ReferencedSeriesSequence').flatMap((series) =>
      itemsOf(series, 'ReferencedSOPSequence').flatMap((instance) => {
        const studyInstanceUid = textOf(study, 'StudyInstanceUID');
        const seriesInstanceUid = textOf(series, 'SeriesInstanceUID');
        const sopClassUid = textOf(instance, 'ReferencedSOPClassUID');
        const sopInstanceUid = textOf(instance, 'ReferencedSOPInstanceUID');
        if (studyInstanceUid === undefined || seriesInstanceUid === undefined) return [];
        if (sopClassUid === undefined || sopInstanceUid === undefined) return [];
        return [{ studyInstanceUid, seriesInstanceUid, sopClassUid, sopInstanceUid }];
      }),
    ),
  );
}
