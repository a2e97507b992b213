import { readFileMeta } from '@sightline/dicom';
import type { ProposedContext } from './associate-pdu.ts';
import { commandField } from './command-set.ts';
import { withAssociation, type DicomPeer, type Requestor, type Unavailable } from './requestor.ts';
import { isWarning, mayPass, sayStatus, status } from './status.ts';

/** A whole Part 10 file. Its data set is sent byte for byte, in the transfer syntax that its meta information names. */
export interface OutgoingInstance {
  sopClassUid: string;
  sopInstanceUid: string;
  part10: Uint8Array;
}

/**
 * What a peer did with an instance. `mayPass`: sent again later, as it is, it may be taken. `comment` is in words of ours and holds
 * no patient data.
 */
export type StoredInstance = { sopInstanceUid: string } & (
  | { kind: 'stored'; warning?: number }
  | { kind: 'refused'; status: number; mayPass: boolean; comment: string }
);

/** `answered`: one answer for each instance, in their order. `unavailable`: some were not answered; all may be sent again. */
export type Stored = { kind: 'answered'; instances: StoredInstance[] } | Unavailable;

interface Sendable {
  instance: OutgoingInstance;
  context: ProposedContext;
  dataSet: Uint8Array;
}

type Planned = Sendable | { refused: StoredInstance };

/** Ids are odd and fit in a byte (PS3.8 9.3.2.2). */
const mostContexts = 128;

/** Medium, the only one that means nothing (PS3.7 9.3.1.1). */
const priority = 0;

/** C-STORE of instances, one after the other, on as many associations as their presentation contexts need: nearly always one. */
export async function storeInstances(
  peer: DicomPeer,
  instances: readonly OutgoingInstance[],
  signal: AbortSignal,
): Promise<Stored> {
  const answers: StoredInstance[] = [];
  for (const batch of batchesOf(instances)) {
    const contexts = contextsOf(batch);
    if (contexts.length === 0) {
      answers.push(...batch.flatMap((planned) => ('refused' in planned ? [planned.refused] : [])));
      continue;
    }
    const ended = await withAssociation(peer, contexts, signal, async (association) => {
      for (const planned of batch) {
        answers.push('refused' in planned ? planned.refused : await storeInstance(association, planned));
      }
    });
    if (ended !== undefined) return ended;
  }
  return { kind: 'answered', instances: answers };
}

async function storeInstance(
  association: Requestor,
  { instance: { sopClassUid, sopInstanceUid }, context, dataSet }: Sendable,
): Promise<StoredInstance> {
  if (association.transferSyntaxOf(context.id) === undefined) {
    const comment = association.refusedTransferSyntax(context.id)
      ? 'the peer does not take this SOP class in this transfer syntax'
      : 'the peer does not take this SOP class';
    return refused(sopInstanceUid, status.sopClassNotSupported, comment);
  }
  const request = {
    commandField: commandField.cStoreRequest,
    affectedSopClassUid: sopClassUid,
    affectedSopInstanceUid: sopInstanceUid,
    priority,
  };
  const answer = await association.ask(context.id, request, dataSet);
  if (answer === status.success) return { sopInstanceUid, kind: 'stored' };
  if (isWarning(answer)) return { sopInstanceUid, kind: 'stored', warning: answer };
  return refused(sopInstanceUid, answer, sayStatus(answer));
}

function refused(sopInstanceUid: string, code: number, comment: string): StoredInstance {
  return { sopInstanceUid, kind: 'refused', status: code, mayPass: mayPass(code), comment };
}

/** Instances as they are to be sent, parted where the contexts of one association do not suffice. */
function batchesOf(instances: readonly OutgoingInstance[]): Planned[][] {
  const batches: Planned[][] = [];
  let batch: Planned[] = [];
  let contexts = new Map<string, ProposedContext>();
  for (const instance of instances) {
    const read = readSendable(instance);
    if ('refused' in read) {
      batch.push(read);
      continue;
    }
    const key = `${instance.sopClassUid} ${read.transferSyntaxUid}`;
    if (!contexts.has(key) && contexts.size === mostContexts) {
      batches.push(batch);
      batch = [];
      contexts = new Map();
    }
    const context = contexts.get(key) ?? {
      id: contexts.size * 2 + 1,
      abstractSyntax: instance.sopClassUid,
      transferSyntaxes: [read.transferSyntaxUid],
    };
    contexts.set(key, context);
    batch.push({ instance, context, dataSet: read.dataSet });
  }
  return batch.length === 0 ? batches : [...batches, batch];
}

function contextsOf(batch: readonly Planned[]): ProposedContext[] {
  return [...new Set(batch.flatMap((planned) => ('refused' in planned ? [] : [planned.context])))];
}

/** What of a file goes over the wire; what is not the instance that it is said to be never does. */
function readSendable({
  sopClassUid,
  sopInstanceUid,
  part10,
}: OutgoingInstance): { transferSyntaxUid: string; dataSet: Uint8Array } | { refused: StoredInstance } {
  const read = readFileMeta(part10);
  if (read.kind === 'invalid') {
    return { refused: refused(sopInstanceUid, status.cannotUnderstand, `not sent: ${read.reason}`) };
  }
  const { transferSyntaxUid, mediaStorageSopClassUid, mediaStorageSopInstanceUid, dataSetOffset } = read.meta;
  if (mediaStorageSopClassUid !== sopClassUid || mediaStorageSopInstanceUid !== sopInstanceUid) {
    const comment = 'not sent: its file meta information is of another instance';
    return { refused: refused(sopInstanceUid, status.dataSetDoesNotMatchSopClass, comment) };
  }
  return { transferSyntaxUid, dataSet: part10.subarray(dataSetOffset) };
}
