import { itemsOf, readDataset, textOf, type Inflate } from '@sightline/dicom';
import type { CodedConcept } from '@sightline/findings';
import { codeIn, schemesIn } from '../coding-schemes.ts';
import { evidenceIn, type EvidenceOfStudy } from '../document/evidence.ts';
import { contentOf } from '../document/read-content.ts';
import { keyObjectSelectionClass } from './key-object-selection.ts';
import { rejectionTitles, type RejectionReason } from './rejection-note.ts';

/** What a Key Object Selection takes back, whoever made it. */
export interface RejectionNote {
  title: CodedConcept;
  reason: RejectionReason;
  instances: EvidenceOfStudy[];
}

export type ReadNote =
  | { kind: 'rejection-note'; note: RejectionNote }
  /** A selection for another purpose, by its title. */
  | { kind: 'no-rejection'; title: CodedConcept }
  | { kind: 'invalid'; reason: string };

/** Of a Part 10 file. Never throws; a reason holds no patient data. A note that names an instance it does not locate is refused. */
export function readRejectionNote(part10: Uint8Array, inflate?: Inflate): ReadNote {
  const read = readDataset(part10, inflate && { inflate });
  if (read.kind === 'invalid') return read;
  const { dataset } = read;
  if (textOf(dataset, 'SOPClassUID') !== keyObjectSelectionClass) return invalid('not a Key Object Selection');
  const schemes = schemesIn(dataset);
  const title = codeIn(itemsOf(dataset, 'ConceptNameCodeSequence')[0], schemes);
  if (title === undefined) return invalid('a Key Object Selection without a title');
  const reason = reasonOf(title);
  if (reason === undefined) return { kind: 'no-rejection', title };
  const located = new Map(
    evidenceIn(itemsOf(dataset, 'CurrentRequestedProcedureEvidenceSequence')).map((instance) => [
      instance.sopInstanceUid,
      instance,
    ]),
  );
  const instances: EvidenceOfStudy[] = [];
  for (const item of contentOf(dataset, schemes)) {
    if (!('reference' in item)) continue;
    const instance = located.get(item.reference.sopInstanceUid);
    if (instance === undefined) return invalid('a rejected instance whose study and series are not named');
    instances.push(instance);
  }
  if (instances.length === 0) return invalid('a rejection note that names no instance');
  return { kind: 'rejection-note', note: { title, reason, instances } };
}

function reasonOf({ system, code }: CodedConcept): RejectionReason | undefined {
  const reasons = Object.keys(rejectionTitles) as RejectionReason[];
  return reasons.find((reason) => rejectionTitles[reason].system === system && rejectionTitles[reason].code === code);
}

function invalid(reason: string): ReadNote {
  return { kind: 'invalid', reason };
}
