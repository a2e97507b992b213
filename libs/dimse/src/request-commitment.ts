import { explicitVrLittleEndian, implicitVrLittleEndian } from '@sightline/dicom';
import { commandField, encodeResponse } from './command-set.ts';
import {
  decodeCommitmentResult,
  encodeCommitmentRequest,
  requestAction,
  storageCommitmentInstance,
  storageCommitmentPushModel,
  type CommitmentRequest,
  type CommitmentResult,
} from './commitment.ts';
import { Ended, type ReceivedCommand } from './message-channel.ts';
import { abortReason } from './pdu.ts';
import {
  isResponse,
  unexpected,
  withAssociation,
  type DicomPeer,
  type Requestor,
  type Unavailable,
} from './requestor.ts';
import { isWarning, mayPass, status } from './status.ts';

/** `requested`: the peer took the request; its result is here, or comes later on an association of the peer's. */
export type Requested =
  | { kind: 'requested'; result?: CommitmentResult }
  | { kind: 'refused'; status: number; mayPass: boolean }
  | Unavailable;

const context = {
  id: 1,
  abstractSyntax: storageCommitmentPushModel,
  transferSyntaxes: [implicitVrLittleEndian, explicitVrLittleEndian],
};

const action = {
  commandField: commandField.nActionRequest,
  requestedSopClassUid: storageCommitmentPushModel,
  requestedSopInstanceUid: storageCommitmentInstance,
  actionTypeId: requestAction,
};

/** What we take of a data set that a peer sends us, in bytes: a result that names some hundred thousand instances. */
const longestDataSet = 1 << 24;

/**
 * Storage Commitment Push Model, N-ACTION (PS3.4 J.3.2). `result` where the peer reports on the same association within `awaitMs`;
 * else it reports on one of its own, under the same transaction UID, to whoever listens under our calling AE title.
 */
export async function requestCommitment(
  peer: DicomPeer,
  request: CommitmentRequest,
  { awaitMs, signal }: { awaitMs: number; signal: AbortSignal },
): Promise<Requested> {
  let said: Requested | undefined;
  const ended = await withAssociation(peer, [context], signal, async (association) => {
    const transferSyntax = association.transferSyntaxOf(context.id);
    if (transferSyntax === undefined) {
      said = refused(status.sopClassNotSupported);
      return;
    }
    const dataSet = encodeCommitmentRequest(request, transferSyntax);
    const messageId = await association.send(context.id, action, dataSet);
    let result: CommitmentResult | undefined;
    let end = Date.now() + peer.answerTimeoutMs;
    // A result may come before the answer to the request: they are operations of two sides.
    while (said === undefined || result === undefined) {
      const received = await association.nextCommand(Math.max(0, end - Date.now()));
      if (received === undefined) break;
      if (isReport(received)) {
        const heard = await hearReport(association, received, transferSyntax, request.transactionUid);
        result ??= heard;
      } else if (said === undefined) {
        said = await answerTo(association, received, messageId);
        if (said.kind !== 'requested') return;
        end = Date.now() + awaitMs;
      } else {
        throw unexpected(received.command);
      }
    }
    if (said === undefined) throw new Ended('timed-out', 'the peer said nothing in time', abortReason.notSpecified);
    if (result !== undefined) said = { kind: 'requested', result };
  });
  // What the peer has answered holds, however the association ended.
  return said ?? ended ?? { kind: 'unavailable', reason: 'the peer did not answer' };
}

function isReport({ command }: ReceivedCommand): boolean {
  return command.commandField === commandField.nEventReportRequest && command.hasDataSet;
}

async function answerTo(association: Requestor, received: ReceivedCommand, messageId: number): Promise<Requested> {
  const { command } = received;
  if (!isResponse(command, commandField.nActionRequest, messageId)) throw unexpected(command);
  // An Action Reply says nothing of commitment, and has to be heard out.
  if (command.hasDataSet) await association.dataSet(received, longestDataSet);
  if (command.status === status.success || isWarning(command.status)) return { kind: 'requested' };
  return refused(command.status);
}

/** Answers a report; its result where it is of our transaction. */
async function hearReport(
  association: Requestor,
  received: ReceivedCommand,
  transferSyntax: string,
  transactionUid: string,
): Promise<CommitmentResult | undefined> {
  const result = decodeCommitmentResult(await association.dataSet(received, longestDataSet), transferSyntax);
  const ours = result?.transactionUid === transactionUid ? result : undefined;
  const answer = result === undefined ? status.invalidArgumentValue : status.processingFailure;
  await association.respond(received.contextId, encodeResponse(received.command, ours ? status.success : answer));
  return ours;
}

function refused(code: number): Requested {
  return { kind: 'refused', status: code, mayPass: mayPass(code) };
}
