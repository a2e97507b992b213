import { encodeFileMeta, type Uid } from '@sightline/dicom';
import type { Store, StoreAnswer, StatusName } from '@sightline/dimse';
import type { Received, ReceiveInstance, Refusal } from './receive-instance.ts';

const statusOfRefusal: Readonly<Record<Refusal, StatusName>> = {
  truncated: 'truncatedDataSet',
  malformed: 'cannotUnderstand',
  'no-identity': 'missingIdentity',
  'unsupported-sop-class': 'sopClassNotSupported',
  'unsupported-transfer-syntax': 'cannotUnderstand',
  'sop-class-mismatch': 'dataSetDoesNotMatchSopClass',
  'sop-instance-mismatch': 'cannotUnderstand',
  'other-study': 'cannotUnderstand',
  'too-large': 'outOfResources',
};

function answerTo(received: Received): StoreAnswer {
  switch (received.kind) {
    case 'stored':
      return { status: 'success' };
    case 'kept-first':
      return { status: 'coercionOfDataElements', comment: 'the first instance with this UID is kept' };
    case 'refused':
      return { status: statusOfRefusal[received.refusal], comment: received.reason };
    case 'unavailable':
      return { status: 'outOfResources', comment: 'the instance could not be stored now' };
  }
}

/** C-STORE (PS3.4 B.2): the file meta information says who sent it and how; the data set follows byte for byte. */
export function storeScp(receiveInstance: ReceiveInstance): Store {
  return async (request, dataSet) => {
    const { sopClassUid, sopInstanceUid, callingAeTitle, address } = request;
    const transferSyntaxUid = request.transferSyntaxUid as Uid;
    const fileMeta = encodeFileMeta({ sopClassUid, sopInstanceUid, transferSyntaxUid, sourceAeTitle: callingAeTitle });
    const source = { kind: 'peer', name: callingAeTitle || 'unnamed', address } as const;
    const incoming = { transferSyntaxUid, sopClassUid, sopInstanceUid, fileMeta, source };
    return answerTo(await receiveInstance.receive(incoming, dataSet));
  };
}
