import type { Uid } from '@sightline/dicom';
import { codes, concept, type CheckedCode, type Digest, type ResultSet } from '@sightline/findings';
import { schemesOf } from '../coding-schemes.ts';
import { dicomObject, type DicomObject } from '../dicom-object.ts';
import type { ContentItem, ContentRoot, InstanceReference } from '../document/content-item.ts';
import { documentModules } from '../document/document-modules.ts';
import type { Evidence } from '../document/evidence.ts';
import { deviceObserver } from '../document/observer.ts';
import { limitedText } from '../limited-text.ts';
import { deviceUid, uidsOfReport } from '../result-uids.ts';
import type { SourceInstance } from '../source-instance.ts';

/** Key Object Selection Document (PS3.3 A.35.4). */
export const keyObjectSelectionClass = '1.2.840.10008.5.1.4.1.1.88.59';

/** Instances that are pointed at, and why: the title of the document (TID 2010, CID 7010). */
export interface Selection {
  title: CheckedCode;
  description: string;
  /** Value type IMAGE for images, COMPOSITE for documents. */
  objects: readonly (Evidence & { type: 'IMAGE' | 'COMPOSITE'; frames?: readonly number[] })[];
  saidAt: string;
}

export function keyObjectSelection(
  set: ResultSet,
  { source, digest }: { source: SourceInstance; digest: Digest },
  selection: Selection,
): DicomObject {
  const { objects, saidAt } = selection;
  const root = selectionRoot(selection, deviceUid(set, digest));
  const uidOf = uidsOfReport(set, digest);
  const schemes = schemesOf(set);
  const document = {
    ...documentModules({ set, source, schemes, root, evidence: objects, saidAt }),
    Modality: 'KO',
    SeriesNumber: '9002',
    SeriesDescription: limitedText('LO', `AI key objects: ${set.model.title}`),
    InstanceNumber: '1',
  };
  const identity = {
    sopClassUid: keyObjectSelectionClass,
    sopInstanceUid: uidOf('KO', JSON.stringify(document)),
    seriesInstanceUid: uidOf('series', 'KO'),
  };
  return dicomObject(identity, document, schemes);
}

function selectionRoot({ title, description, objects }: Selection, device: Uid): ContentRoot {
  return {
    type: 'CONTAINER',
    template: '2010',
    name: concept(title),
    children: [
      ...deviceObserver(device),
      {
        type: 'TEXT',
        relationship: 'CONTAINS',
        name: concept(codes.dicom.keyObjectDescription),
        text: description,
      },
      ...objects.map((object): ContentItem => ({
        type: object.type,
        relationship: 'CONTAINS',
        reference: referenceTo(object),
      })),
    ],
  };
}

function referenceTo({ sopClassUid, sopInstanceUid, frames }: Selection['objects'][number]): InstanceReference {
  return { sopClassUid, sopInstanceUid, ...(frames && { frames }) };
}
