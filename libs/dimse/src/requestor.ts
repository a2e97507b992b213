import { implementationClassUid, implementationVersionName } from '@sightline/dicom';
import { describeError } from '@sightline/platform';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import {
  decodeAssociateAccept,
  encodeAssociateRequest,
  sayRejection,
  type AssociateAccept,
  type ProposedContext,
} from './associate-pdu.ts';
import { encodeCommand, responseBit, type Command } from './command-set.ts';
import { Ended, maxPduLength, MessageChannel, type ReceivedCommand } from './message-channel.ts';
import * as pdu from './pdu.ts';

/** A peer that we call. */
export interface DicomPeer {
  host: string;
  port: number;
  calledAeTitle: string;
  callingAeTitle: string;
  /** Absent: in the clear. The peer's certificate is checked unless these say otherwise. */
  tls?: ConnectionOptions;
  /** For the connection, TLS included. */
  connectTimeoutMs: number;
  /** For each answer, for the peer to read each of our PDUs, and between the PDUs of what it says. */
  answerTimeoutMs: number;
}

/** The peer could not be reached, would not associate, or ended the association: it may be tried again. */
export interface Unavailable {
  kind: 'unavailable';
  reason: string;
}

type Request = Omit<Command, 'messageId' | 'messageIdBeingRespondedTo' | 'status' | 'hasDataSet'>;

/** One association that we opened (PS3.8 9.2), while it stands. */
export class Requestor {
  #messageId = 0;

  constructor(
    private readonly channel: MessageChannel,
    private readonly accepted: AssociateAccept,
  ) {}

  /** The transfer syntax that the peer took a proposed context in, or undefined where it refused the context. */
  transferSyntaxOf(contextId: number): string | undefined {
    const answer = this.accepted.contexts.find(({ id }) => id === contextId);
    return answer?.result === 0 ? answer.transferSyntax : undefined;
  }

  /** Whether the peer refused a context for its transfer syntaxes alone (PS3.8 Table 9-18). */
  refusedTransferSyntax(contextId: number): boolean {
    return this.accepted.contexts.some(({ id, result }) => id === contextId && result === 4);
  }

  /** Sends a request; resolves to its message id. */
  async send(contextId: number, request: Request, dataSet?: Uint8Array): Promise<number> {
    const messageId = (this.#messageId = (this.#messageId % 0xffff) + 1);
    const command = encodeCommand({ ...request, messageId, hasDataSet: dataSet !== undefined });
    await this.channel.sendMessage(contextId, command, dataSet);
    return messageId;
  }

  /** Sends a request whose response has no data set; resolves to its status. Any other answer ends the association. */
  async ask(contextId: number, request: Request, dataSet?: Uint8Array): Promise<number> {
    const messageId = await this.send(contextId, request, dataSet);
    const { contextId: answeredOn, command } = await this.channel.readCommand();
    const isAnswer = answeredOn === contextId && isResponse(command, request.commandField, messageId);
    if (!isAnswer || command.hasDataSet) throw unexpected(command);
    return command.status;
  }

  /** The next command on an accepted context, or undefined where none has begun within `timeoutMs`. */
  async nextCommand(timeoutMs: number): Promise<ReceivedCommand | undefined> {
    const received = await this.channel.readCommandWithin(timeoutMs);
    if (received !== undefined && this.transferSyntaxOf(received.contextId) === undefined) {
      throw new Ended('protocol-error', 'message on no accepted context', pdu.abortReason.invalidPduParameter);
    }
    return received;
  }

  /** The whole data set behind a command; one of more than `longest` bytes ends the association. */
  async dataSet(received: ReceivedCommand, longest: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    await this.channel.readDataSet(received, (bytes) => {
      length += bytes.length;
      if (length > longest) throw new Ended('protocol-error', 'data set too long', pdu.abortReason.notSpecified);
      chunks.push(bytes);
    });
    return Buffer.concat(chunks);
  }

  async respond(contextId: number, response: Buffer): Promise<void> {
    await this.channel.sendMessage(contextId, response);
  }
}

/** Whether a command answers the request of this field and message id, with a status. */
export function isResponse(
  command: Command,
  requestField: number,
  messageId: number,
): command is Command & { status: number } {
  const { commandField, messageIdBeingRespondedTo, status } = command;
  return (
    commandField === (requestField | responseBit) && messageIdBeingRespondedTo === messageId && status !== undefined
  );
}

export function unexpected({ commandField }: Command): Ended {
  const reason = `an answer that was not asked for (command ${commandField.toString(16).padStart(4, '0')})`;
  return new Ended('protocol-error', reason, pdu.abortReason.unexpectedPdu);
}

/**
 * Associates, lets `talk` use the association, and releases it. Never rejects for what a peer or a network does: whatever kept
 * `talk` from its end is the reason that is answered. An aborted `signal` ends the association at once.
 */
export async function withAssociation(
  peer: DicomPeer,
  contexts: readonly ProposedContext[],
  signal: AbortSignal,
  talk: (association: Requestor) => Promise<void>,
): Promise<Unavailable | undefined> {
  const socket = await connected(peer, signal);
  if ('kind' in socket) return socket;
  const { answerTimeoutMs } = peer;
  const channel = new MessageChannel(socket, { idleTimeoutMs: answerTimeoutMs, farewellTimeoutMs: answerTimeoutMs });
  const giveUp = (): void => {
    if (socket.writable) socket.write(pdu.encodeUserAbort());
    socket.destroy();
  };
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    await talk(await associated(channel, peer, contexts));
    await release(channel, answerTimeoutMs).catch(ignoreEnd);
    return undefined;
  } catch (error) {
    if (!(error instanceof Ended)) {
      await channel.farewell(pdu.encodeAbort(pdu.abortReason.notSpecified));
      throw error;
    }
    if (signal.aborted) return unavailable('given up');
    if (error.abort !== undefined) await channel.farewell(pdu.encodeAbort(error.abort));
    return unavailable(error.reason);
  } finally {
    signal.removeEventListener('abort', giveUp);
    socket.destroy();
  }
}

async function connected(peer: DicomPeer, signal: AbortSignal): Promise<Socket | Unavailable> {
  if (signal.aborted) return unavailable('given up');
  const { host, port, tls, connectTimeoutMs } = peer;
  const bounds = AbortSignal.any([signal, AbortSignal.timeout(connectTimeoutMs)]);
  // Without noDelay a small command waits for the peer's delayed acknowledgement.
  const to = { host, port, noDelay: true, keepAlive: true };
  const socket = tls === undefined ? connect(to) : connectTls({ minVersion: 'TLSv1.2', ...tls, ...to });
  socket.on('error', () => undefined);
  try {
    await once(socket, tls === undefined ? 'connect' : 'secureConnect', { signal: bounds });
    return socket;
  } catch (error) {
    socket.destroy();
    if (signal.aborted) return unavailable('given up');
    return unavailable(bounds.aborted ? `no connection within ${connectTimeoutMs} ms` : describeError(error));
  }
}

async function associated(
  channel: MessageChannel,
  peer: DicomPeer,
  contexts: readonly ProposedContext[],
): Promise<Requestor> {
  const own = { maxPduLength, implementationClassUid, implementationVersionName };
  await channel.send(encodeAssociateRequest({ ...peer, contexts }, own));
  const read = await channel.next(peer.answerTimeoutMs);
  if (read.kind === 'pdu' && read.type === pdu.pduType.associateReject) {
    throw new Ended('rejected', sayRejection(read.body));
  }
  const accepted = decodeAssociateAccept(await channel.bodyOf(read, pdu.pduType.associateAccept));
  if (accepted === undefined || !answers(accepted, contexts)) {
    throw new Ended('protocol-error', 'malformed A-ASSOCIATE-AC', pdu.abortReason.invalidPduParameter);
  }
  channel.associated(accepted.maxPduLength);
  return new Requestor(channel, accepted);
}

/** Whether the peer answered all that was proposed, accepted nothing else, and takes PDUs that hold anything (PS3.8 9.3.3.2, D.1). */
function answers({ contexts, maxPduLength: most }: AssociateAccept, proposed: readonly ProposedContext[]): boolean {
  const isProposed = ({ id, result, transferSyntax }: AssociateAccept['contexts'][number]): boolean =>
    result !== 0 || proposed.some((one) => one.id === id && one.transferSyntaxes.includes(transferSyntax));
  const isAnswered = ({ id }: ProposedContext): boolean => contexts.some((one) => one.id === id);
  return contexts.every(isProposed) && proposed.every(isAnswered) && (most === 0 || most > 6);
}

/** A-RELEASE, also where the peer releases at the same time (PS3.8 9.2, states 7 to 12). What is still under way is not waited for. */
async function release(channel: MessageChannel, withinMs: number): Promise<void> {
  await channel.send(pdu.encodeReleaseRequest());
  const end = Date.now() + withinMs;
  for (;;) {
    const read = await channel.next(Math.max(0, end - Date.now()));
    if (read.kind !== 'pdu') return;
    if (read.type === pdu.pduType.releaseRequest) await channel.send(pdu.encodeReleaseResponse());
    else if (read.type !== pdu.pduType.dataTransfer) return;
  }
}

function ignoreEnd(error: unknown): void {
  if (!(error instanceof Ended)) throw error;
}

function unavailable(reason: string): Unavailable {
  return { kind: 'unavailable', reason };
}
