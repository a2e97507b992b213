import { parseUid } from '@sightline/dicom';
import { checkedCode, codes, concept, type ImageOfResult } from '@sightline/findings';
import type { ContentItem, InstanceReference } from '../document/content-item.ts';
import { codeAt, isNamed } from './read-measurement-group.ts';

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

/** The images that a document lists, as far as its evidence says in which series they lie. */
export function imagesIn(
  content: readonly ContentItem[],
  seriesOf: (sopInstanceUid: string) => string | undefined,
): ImageOfResult[] {
  const libraries = content.filter((item) => isNamed(item, dicom.imageLibrary));
  return libraries
    .flatMap(({ children = [] }) => children)
    .flatMap(({ children = [] }) => {
      const modality = codeAt(children, dicom.modality)?.code ?? '';
      return children.flatMap((item) => (item.type === 'IMAGE' ? (imageOf(item.reference, modality) ?? []) : []));
    });

  function imageOf(reference: InstanceReference, modality: string): ImageOfResult | undefined {
    const [sopClassUid, sopInstanceUid] = [parseUid(reference.sopClassUid), parseUid(reference.sopInstanceUid)];
    const seriesInstanceUid = parseUid(seriesOf(reference.sopInstanceUid));
    if (seriesInstanceUid === undefined || sopClassUid === undefined || sopInstanceUid === undefined) return undefined;
    return { seriesInstanceUid, sopClassUid, sopInstanceUid, modality };
  }
}
