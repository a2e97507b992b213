import { codes, type Digest, type ResultSet } from '@sightline/findings';
import type { DicomObject } from '../dicom-object.ts';
import { toldFindings } from '../report/told-finding.ts';
import type { SourceInstance } from '../source-instance.ts';
import { keyObjectSelection } from './key-object-selection.ts';

/** The images on which something is present, as objects of interest (DCM 113000), or undefined where nothing is. */
export function keyImages(set: ResultSet, from: { source: SourceInstance; digest: Digest }): DicomObject | undefined {
  const sources = toldFindings(set).flatMap((told) =>
    told.by === 'person' || told.finding.presence === 'present' ? told.finding.sources : [],
  );
  if (sources.length === 0) return undefined;
  const shown = new Map(sources.map((source) => [`${source.sopInstanceUid} ${source.frame}`, source]));
  return keyObjectSelection(set, from, {
    title: codes.dicom.ofInterest,
    description: 'Images on which a finding is present, by AI or as corrected by a person.',
    objects: [...shown.values()].map(({ frame, ...source }) => ({
      ...source,
      type: 'IMAGE',
      ...(frame !== undefined && { frames: [frame] }),
    })),
    saidAt: set.completedAt,
  });
}
