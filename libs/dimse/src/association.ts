import { implementationClassUid, implementationVersionName, verificationSopClass } from '@sightline/dicom';
import type { Socket } from 'node:net';
import {
  decodeAssociateRequest,
  encodeAssociateAccept,
  encodeAssociateReject,
  type AssociateRequest,
  type ContextResult,
} from './associate-pdu.ts';
import { ByteHandoff } from './byte-handoff.ts';
import { commandField, encodeResponse, type Command } from './command-set.ts';
import {
  decodeCommitmentResult,
  eventType,
  storageCommitmentInstance,
  storageCommitmentPushModel,
  type CommitmentResult,
} from './commitment.ts';
import { Ended, maxPduLength, MessageChannel, type Ending, type ReceivedCommand } from './message-channel.ts';
import { negotiateContext, negotiateRoles, refuseAssociation, type AssociationRules } from './negotiate.ts';
import * as pdu from './pdu.ts';
import { status, type StatusName } from './status.ts';

/** Who sends an instance, and under which identity. */
export interface StoreRequest {
  sopClassUid: string;
  sopInstanceUid: string;
  transferSyntaxUid: string;
  callingAeTitle: string;
  calledAeTitle: string;
  address: string;
}

export interface StoreAnswer {
  status: StatusName;
  /** Error Comment; never patient data. */
  comment?: string;
}

/** Keeps the bytes of one data set, and answers once they are durable. Never rejects but for a defect. */
export type Store = (request: StoreRequest, dataSet: AsyncIterable<Uint8Array>) => Promise<StoreAnswer>;

/** What may be answered to a result of storage commitment (PS3.4 J.3.3.1.4, PS3.7 10.1.1.1.8). */
export type CommitmentAnswer = Extract<
  StatusName,
  'success' | 'processingFailure' | 'noSuchObjectInstance' | 'invalidArgumentValue' | 'resourceLimitation'
>;

/** Takes note of what a PACS has committed to, and answers once that is durable. Never rejects but for a defect. */
export type TakeCommitmentResult = (
  result: CommitmentResult,
  from: { callingAeTitle: string; address: string },
) => Promise<CommitmentAnswer>;

export interface AssociationOptions extends AssociationRules {
  /** From connecting to the whole A-ASSOCIATE-RQ, and from our last word to the peer's closing: the ARTIM timer (PS3.8 9.1.5). */
  associateTimeoutMs: number;
  /** From one PDU to the next. */
  idleTimeoutMs: number;
  /** SCP of Storage; absent: no storage SOP class is accepted. */
  store?: Store;
  /** SCU of Storage Commitment, for a PACS that reports on an association of its own; absent: it is not accepted. */
  commitmentResult?: TakeCommitmentResult;
}

type AcceptedContext = Extract<ContextResult, { result: 'accepted' }>;

/** What we take of a result of storage commitment, in bytes: some hundred thousand instances. */
const longestCommitmentResult = 1 << 24;

/** One association from connection to end, as acceptor (PS3.8 9.2): messages are served one after the other. */
export class Association {
  readonly #channel: MessageChannel;
  readonly #contexts = new Map<number, AcceptedContext>();
  #peer: AssociateRequest | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly options: AssociationOptions,
  ) {
    const { idleTimeoutMs, associateTimeoutMs } = options;
    this.#channel = new MessageChannel(socket, { idleTimeoutMs, farewellTimeoutMs: associateTimeoutMs });
  }

  /** Serves the peer to the end; `mayAssociate` is asked once, when it wants to associate. Resolves after the last byte was sent. */
  async serve(mayAssociate: () => boolean): Promise<{ ending: Ending; reason: string }> {
    try {
      await this.#associate(mayAssociate);
      for (;;) await this.#serveMessage();
    } catch (error) {
      if (!(error instanceof Ended)) {
        await this.#channel.farewell(pdu.encodeAbort(pdu.abortReason.notSpecified));
        throw error;
      }
      if (error.abort !== undefined) await this.#channel.farewell(pdu.encodeAbort(error.abort));
      return { ending: error.ending, reason: error.reason };
    }
  }

  async #associate(mayAssociate: () => boolean): Promise<void> {
    const body = await this.#channel.expect(pdu.pduType.associateRequest, this.options.associateTimeoutMs);
    const request = decodeAssociateRequest(body);
    if (request === undefined) {
      throw new Ended('protocol-error', 'malformed A-ASSOCIATE-RQ', pdu.abortReason.invalidPduParameter);
    }
    const refusal = mayAssociate() ? refuseAssociation(request, this.options) : 'localLimitExceeded';
    if (refusal !== undefined) {
      await this.#channel.farewell(encodeAssociateReject(refusal));
      throw new Ended('rejected', refusal);
    }
    const offer = {
      storage: this.options.store !== undefined,
      commitmentResults: this.options.commitmentResult !== undefined,
    };
    const roles = negotiateRoles(request.roles, offer);
    const contexts = request.contexts.map((context) => negotiateContext(context, roles, offer));
    for (const context of contexts) if (context.result === 'accepted') this.#contexts.set(context.id, context);
    this.#peer = request;
    this.#channel.associated(request.maxPduLength);
    const own = { maxPduLength, implementationClassUid, implementationVersionName };
    await this.#channel.send(encodeAssociateAccept(request, { contexts, roles }, own));
  }

  async #serveMessage(): Promise<void> {
    const received = await this.#channel.readCommand();
    const { contextId, command } = received;
    const context = this.#contexts.get(contextId);
    if (context === undefined) {
      throw new Ended('protocol-error', 'message on no accepted context', pdu.abortReason.invalidPduParameter);
    }
    if (command.commandField === commandField.cCancelRequest) return;
    const answer = command.hasDataSet
      ? await this.#withDataSet(context, received)
      : this.#withoutDataSet(context, command);
    await this.#channel.sendMessage(contextId, encodeResponse(command, status[answer.status], answer.comment));
  }

  #withoutDataSet(context: AcceptedContext, command: Command): StoreAnswer {
    switch (command.commandField) {
      case commandField.cEchoRequest:
        return context.abstractSyntax === verificationSopClass
          ? { status: 'success' }
          : { status: 'sopClassNotSupported', comment: 'C-ECHO on a context that is not Verification' };
      case commandField.cStoreRequest:
        return { status: 'cannotUnderstand', comment: 'C-STORE without a data set' };
      case commandField.nEventReportRequest:
        return { status: 'invalidArgumentValue', comment: 'N-EVENT-REPORT without a data set' };
      default:
        return unknownOperation;
    }
  }

  /** Hands the data set on while it arrives, and waits for it to be durable before anything is answered. */
  async #withDataSet(context: AcceptedContext, received: ReceivedCommand): Promise<StoreAnswer> {
    const handoff = new ByteHandoff();
    const answer = this.#begin(context, received.command, handoff);
    // Awaited below; until then a rejection is not one that nobody handles.
    answer.catch(() => undefined);
    try {
      await this.#channel.readDataSet(received, (bytes) => handoff.push(bytes));
      handoff.end();
    } catch (error) {
      handoff.fail(error instanceof Error ? error : new Error('the association ended'));
      await answer.catch(() => undefined);
      throw error;
    }
    return answer;
  }

  async #begin(context: AcceptedContext, command: Command, handoff: ByteHandoff): Promise<StoreAnswer> {
    try {
      switch (command.commandField) {
        case commandField.cStoreRequest:
          return await this.#store(context, command, handoff);
        case commandField.nEventReportRequest:
          return await this.#takeReport(context, command, handoff);
        default:
          return unknownOperation;
      }
    } finally {
      handoff.abandon();
    }
  }

  async #store(context: AcceptedContext, command: Command, handoff: ByteHandoff): Promise<StoreAnswer> {
    if (command.affectedSopClassUid !== context.abstractSyntax) {
      return { status: 'sopClassNotSupported', comment: 'the SOP class is not that of the presentation context' };
    }
    if (context.abstractSyntax === verificationSopClass) {
      return { status: 'sopClassNotSupported', comment: 'Verification instances cannot be stored' };
    }
    if (this.options.store === undefined || context.abstractSyntax === storageCommitmentPushModel) {
      return { status: 'sopClassNotSupported', comment: 'nothing is stored here' };
    }
    return this.options.store(
      {
        sopClassUid: command.affectedSopClassUid,
        sopInstanceUid: command.affectedSopInstanceUid ?? '',
        transferSyntaxUid: context.transferSyntax,
        calledAeTitle: this.#peer?.calledAeTitle ?? '',
        ...this.#from(),
      },
      handoff,
    );
  }

  async #takeReport(context: AcceptedContext, command: Command, handoff: ByteHandoff): Promise<StoreAnswer> {
    const take = this.options.commitmentResult;
    if (take === undefined || context.abstractSyntax !== storageCommitmentPushModel) return unknownOperation;
    if (command.affectedSopInstanceUid !== storageCommitmentInstance) return { status: 'noSuchObjectInstance' };
    if (command.eventTypeId !== eventType.allCommitted && command.eventTypeId !== eventType.someFailed) {
      return { status: 'noSuchEventType' };
    }
    const bytes = await readWhole(handoff, longestCommitmentResult);
    if (bytes === undefined) return { status: 'resourceLimitation', comment: 'the result is longer than is taken' };
    const result = decodeCommitmentResult(bytes, context.transferSyntax);
    if (result === undefined) {
      return { status: 'invalidArgumentValue', comment: 'not a result of storage commitment' };
    }
    return { status: await take(result, this.#from()) };
  }

  #from(): { callingAeTitle: string; address: string } {
    return { callingAeTitle: this.#peer?.callingAeTitle ?? '', address: this.socket.remoteAddress ?? '' };
  }
}

const unknownOperation: StoreAnswer = { status: 'unrecognizedOperation', comment: 'this operation is not served' };

async function readWhole(source: AsyncIterable<Uint8Array>, longest: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    length += chunk.length;
    if (length > longest) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
