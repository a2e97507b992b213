import type { DicomObject } from '@sightline/dicom-results';
import type { Failed } from '@sightline/messaging';
import type { Errand } from '../deliveries/destination.ts';
import type { CommitmentResult } from './asked-commitments.ts';

/** An instance that was not taken. `mayPass`: the same instance may be taken later. `reason` names no patient. */
export interface RefusedInstance {
  sopInstanceUid: string;
  reason: string;
  mayPass: boolean;
}

/** What an archive said of each object; one that is named in neither list may be there or not. */
export type Stored =
  | { kind: 'answered'; stored: string[]; refused: RefusedInstance[] }
  | (Failed & { retryAfterMs?: number });

/** `asked`: with the result where it came at once. `refused`: it does not do that. */
export type Asked = { kind: 'asked'; result?: CommitmentResult } | { kind: 'refused'; reason: string } | Failed;

/** A way into an archive of images. What is stored twice is there once. */
export interface Archive {
  /** Rejects while it cannot be reached. */
  reach(): Promise<void>;
  store(studyInstanceUid: string, objects: readonly DicomObject[], errand: Errand): Promise<Stored>;
  /** Asks it to answer for what it has stored (PS3.4 J); absent where its word at storing is enough. */
  commitment?: {
    /** An answer that has not come by then is asked for anew. */
    answerMs: number;
    ask(transactionUid: string, objects: readonly DicomObject[], errand: Errand): Promise<Asked>;
  };
}
