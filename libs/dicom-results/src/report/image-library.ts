import { checkedCode, codes, concept, type ImageOfResult } from '@sightline/findings';
import type { ContentItem } from '../document/content-item.ts';

const { dicom } = codes;

/** The images that the model was shown, each instance once, grouped by modality (TID 1600, TID 1601, TID 1602). */
export function imageLibrary(images: readonly ImageOfResult[]): ContentItem {
  const byModality = Map.groupBy(
    new Map(images.map((image) => [image.sopInstanceUid, image])).values(),
    ({ modality }) => modality,
  );
  return {
    type: 'CONTAINER',
    relationship: 'CONTAINS',
    name: concept(dicom.imageLibrary),
    template: '1600',
    children: [...byModality].map(([modality, instances]) => group(modality, instances)),
  };
}

function group(modality: string, images: readonly ImageOfResult[]): ContentItem {
  return {
    type: 'CONTAINER',
    relationship: 'CONTAINS',
    name: concept(dicom.imageLibraryGroup),
    children: [
      { type: 'CODE', relationship: 'HAS ACQ CONTEXT', name: concept(dicom.modality), code: modalityCode(modality) },
      ...images.map(({ sopClassUid, sopInstanceUid }): ContentItem => ({
        type: 'IMAGE',
        relationship: 'CONTAINS',
        reference: { sopClassUid, sopInstanceUid },
      })),
    ],
  };
}

/** A modality is its own code (CID 29); one that the table does not name is its own display. */
function modalityCode(modality: string): { system: string; code: string; display: string } {
  const { system } = dicom.modality;
  return concept(checkedCode(system, modality) ?? { ...dicom.modality, code: modality, display: modality });
}
