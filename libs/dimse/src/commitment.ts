import {
  encodeDataSet,
  encodeFileMeta,
  implicitVrLittleEndian,
  itemsOf,
  numberOf,
  readDataset,
  textOf,
  type WritableDataset,
} from '@sightline/dicom';

/** Storage Commitment Push Model (PS3.4 Annex J): a PACS says that it keeps instances, so that whoever made them may forget them. */
export const storageCommitmentPushModel = '1.2.840.10008.1.20.1';

/** The one instance of that SOP class, well known (PS3.4 J.3.5). */
export const storageCommitmentInstance = '1.2.840.10008.1.20.1.1';

/** Action type of a request, and event types of its result (PS3.4 J.3.2, J.3.3). */
export const requestAction = 1;
export const eventType = { allCommitted: 1, someFailed: 2 } as const;

export interface CommitmentRequest {
  transactionUid: string;
  instances: readonly { sopClassUid: string; sopInstanceUid: string }[];
}

/** What the PACS says of a request. A reason is a status of PS3.3 C.14.1.1: 0110, 0112, 0119, 0122, 0131, 0213. */
export interface CommitmentResult {
  transactionUid: string;
  committed: string[];
  failed: { sopInstanceUid: string; reason: number }[];
}

/** Where the PACS names a failed instance and no reason: processing failure. */
const reasonUnsaid = 0x0110;

/** Data set of the N-ACTION (PS3.4 Table J.3-1). */
export function encodeCommitmentRequest(request: CommitmentRequest, transferSyntaxUid: string): Buffer {
  const dataset: WritableDataset = {
    TransactionUID: request.transactionUid,
    ReferencedSOPSequence: request.instances.map(({ sopClassUid, sopInstanceUid }) => ({
      ReferencedSOPClassUID: sopClassUid,
      ReferencedSOPInstanceUID: sopInstanceUid,
    })),
  };
  return encodeDataSet(dataset, { explicitVr: transferSyntaxUid !== implicitVrLittleEndian });
}

/** Data set of the N-EVENT-REPORT (PS3.4 Table J.3-2), or undefined where it does not say what it has to. */
export function decodeCommitmentResult(bytes: Uint8Array, transferSyntaxUid: string): CommitmentResult | undefined {
  const meta = encodeFileMeta({
    sopClassUid: storageCommitmentPushModel,
    sopInstanceUid: storageCommitmentInstance,
    transferSyntaxUid,
  });
  const read = readDataset(Buffer.concat([meta, bytes]));
  const transactionUid = read.kind === 'dataset' ? textOf(read.dataset, 'TransactionUID') : undefined;
  if (read.kind !== 'dataset' || transactionUid === undefined) return undefined;
  const committed: string[] = [];
  for (const item of itemsOf(read.dataset, 'ReferencedSOPSequence')) {
    const sopInstanceUid = textOf(item, 'ReferencedSOPInstanceUID');
    if (sopInstanceUid === undefined) return undefined;
    committed.push(sopInstanceUid);
  }
  const failed: CommitmentResult['failed'] = [];
  for (const item of itemsOf(read.dataset, 'FailedSOPSequence')) {
    const sopInstanceUid = textOf(item, 'ReferencedSOPInstanceUID');
    if (sopInstanceUid === undefined) return undefined;
    failed.push({ sopInstanceUid, reason: numberOf(item, 'FailureReason') ?? reasonUnsaid });
  }
  return { transactionUid, committed, failed };
}
