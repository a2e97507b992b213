import { implementationClassUid, implementationVersionName, verificationSopClass } from '@sightline/dicom';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { ByteHandoff } from './byte-handoff.ts';
import { commandField, decodeCommand, encodeResponse, type Command } from './command-set.ts';
import { negotiateContext, refuseAssociation, type AssociationRules } from './negotiate.ts';
import { PduReader, type ReadPdu } from './pdu-reader.ts';
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

export interface AssociationOptions extends AssociationRules {
  /** From connecting to the whole A-ASSOCIATE-RQ, and from our last word to the peer's closing: the ARTIM timer (PS3.8 9.1.5). */
  associateTimeoutMs: number;
  /** From one PDU to the next. */
  idleTimeoutMs: number;
  store: Store;
}

/** How an association ended. */
export type Ending = 'released' | 'aborted-by-peer' | 'closed-by-peer' | 'timed-out' | 'protocol-error' | 'rejected';

type AcceptedContext = Extract<pdu.ContextResult, { result: 'accepted' }>;

/** What we take in one P-DATA-TF PDU, in bytes. */
const maxPduLength = 131_072;

/** A command is a few hundred bytes; more is nobody's command. */
const longestCommand = 65_536;

class Ended extends Error {
  constructor(
    readonly ending: Ending,
    readonly reason: string,
    readonly abort?: number,
  ) {
    super(reason);
  }
}

/** One association from connection to end, as acceptor (PS3.8 9.2): messages are served one after the other. */
export class Association {
  readonly #reader: PduReader;
  readonly #contexts = new Map<number, AcceptedContext>();
  #peer: pdu.AssociateRequest | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly options: AssociationOptions,
  ) {
    this.#reader = new PduReader(socket);
  }

  /** Serves the peer to the end; `mayAssociate` is asked once, when it wants to associate. Resolves after the last byte was sent. */
  async serve(mayAssociate: () => boolean): Promise<{ ending: Ending; reason: string }> {
    try {
      await this.#associate(mayAssociate);
      for (;;) await this.#serveMessage();
    } catch (error) {
      if (!(error instanceof Ended)) {
        await this.#farewell(pdu.encodeAbort(pdu.abortReason.notSpecified));
        throw error;
      }
      if (error.abort !== undefined) await this.#farewell(pdu.encodeAbort(error.abort));
      return { ending: error.ending, reason: error.reason };
    }
  }

  async #associate(mayAssociate: () => boolean): Promise<void> {
    const body = await this.#expect(pdu.pduType.associateRequest, this.options.associateTimeoutMs);
    const request = pdu.decodeAssociateRequest(body);
    if (request === undefined) {
      throw new Ended('protocol-error', 'malformed A-ASSOCIATE-RQ', pdu.abortReason.invalidPduParameter);
    }
    const refusal = mayAssociate() ? refuseAssociation(request, this.options) : 'localLimitExceeded';
    if (refusal !== undefined) {
      await this.#farewell(pdu.encodeAssociateReject(refusal));
      throw new Ended('rejected', refusal);
    }
    const results = request.contexts.map(negotiateContext);
    for (const context of results) if (context.result === 'accepted') this.#contexts.set(context.id, context);
    this.#peer = request;
    const own = { maxPduLength, implementationClassUid, implementationVersionName };
    await this.#send(pdu.encodeAssociateAccept(request, results, own));
  }

  async #serveMessage(): Promise<void> {
    const { contextId, command, rest } = await this.#readCommand();
    const context = this.#contexts.get(contextId);
    if (context === undefined) {
      throw new Ended('protocol-error', 'message on no accepted context', pdu.abortReason.invalidPduParameter);
    }
    if (command.commandField === commandField.cCancelRequest) return;
    const answer = command.hasDataSet
      ? await this.#withDataSet(context, command, rest)
      : this.#withoutDataSet(context, command);
    const response = encodeResponse(command, status[answer.status], answer.comment);
    await this.#send(pdu.encodeCommandPdus(contextId, response, this.#peer?.maxPduLength ?? 0));
  }

  #withoutDataSet(context: AcceptedContext, command: Command): StoreAnswer {
    if (command.commandField !== commandField.cEchoRequest) {
      const isStore = command.commandField === commandField.cStoreRequest;
      return isStore
        ? { status: 'cannotUnderstand', comment: 'C-STORE without a data set' }
        : { status: 'unrecognizedOperation', comment: 'only C-STORE and C-ECHO are served' };
    }
    return context.abstractSyntax === verificationSopClass
      ? { status: 'success' }
      : { status: 'sopClassNotSupported', comment: 'C-ECHO on a context that is not Verification' };
  }

  /** Hands the data set on while it arrives, and waits for it to be durable before anything is answered. */
  async #withDataSet(
    context: AcceptedContext,
    command: Command,
    rest: readonly pdu.PresentationDataValue[],
  ): Promise<StoreAnswer> {
    const handoff = new ByteHandoff();
    const answer = this.#begin(context, command, handoff);
    // Awaited below; until then a rejection is not one that nobody handles.
    answer.catch(() => undefined);
    try {
      await this.#receiveDataSet(context.id, rest, handoff);
    } catch (error) {
      handoff.fail(error instanceof Error ? error : new Error('the association ended'));
      await answer.catch(() => undefined);
      throw error;
    }
    return answer;
  }

  async #begin(context: AcceptedContext, command: Command, handoff: ByteHandoff): Promise<StoreAnswer> {
    try {
      if (command.commandField !== commandField.cStoreRequest) {
        return { status: 'unrecognizedOperation', comment: 'only C-STORE and C-ECHO are served' };
      }
      if (command.affectedSopClassUid !== context.abstractSyntax) {
        return { status: 'sopClassNotSupported', comment: 'the SOP class is not that of the presentation context' };
      }
      if (context.abstractSyntax === verificationSopClass) {
        return { status: 'sopClassNotSupported', comment: 'Verification instances cannot be stored' };
      }
      return await this.options.store(
        {
          sopClassUid: command.affectedSopClassUid,
          sopInstanceUid: command.affectedSopInstanceUid ?? '',
          transferSyntaxUid: context.transferSyntax,
          callingAeTitle: this.#peer?.callingAeTitle ?? '',
          calledAeTitle: this.#peer?.calledAeTitle ?? '',
          address: this.socket.remoteAddress ?? '',
        },
        handoff,
      );
    } finally {
      handoff.abandon();
    }
  }

  async #receiveDataSet(
    contextId: number,
    rest: readonly pdu.PresentationDataValue[],
    handoff: ByteHandoff,
  ): Promise<void> {
    for (let values = rest; ; values = await this.#nextValues()) {
      for (const value of values) {
        if (value.isCommand || value.contextId !== contextId) {
          throw new Ended('protocol-error', 'a command inside a data set', pdu.abortReason.unexpectedPdu);
        }
        await handoff.push(value.bytes);
        if (value.isLast) return handoff.end();
      }
    }
  }

  async #readCommand(): Promise<{ contextId: number; command: Command; rest: pdu.PresentationDataValue[] }> {
    const parts: Buffer[] = [];
    let length = 0;
    for (;;) {
      const values = await this.#nextValues();
      for (const [at, value] of values.entries()) {
        length += value.bytes.length;
        if (!value.isCommand || length > longestCommand) {
          throw new Ended('protocol-error', 'no command where one should begin', pdu.abortReason.unexpectedPdu);
        }
        parts.push(value.bytes);
        if (!value.isLast) continue;
        const command = decodeCommand(Buffer.concat(parts));
        if (command === undefined) {
          throw new Ended('protocol-error', 'malformed command set', pdu.abortReason.invalidPduParameter);
        }
        return { contextId: value.contextId, command, rest: values.slice(at + 1) };
      }
    }
  }

  async #nextValues(): Promise<pdu.PresentationDataValue[]> {
    const values = pdu.decodePresentationData(await this.#expect(pdu.pduType.dataTransfer, this.options.idleTimeoutMs));
    if (values === undefined) {
      throw new Ended('protocol-error', 'malformed P-DATA-TF', pdu.abortReason.invalidPduParameter);
    }
    return values;
  }

  /** The body of the next PDU, which is of this type; any other ends the association. */
  async #expect(type: number, timeoutMs: number): Promise<Buffer> {
    const read = await this.#reader.next(timeoutMs);
    if (read.kind === 'pdu' && read.type === type) return read.body;
    throw await this.#endOn(read);
  }

  async #endOn(read: ReadPdu): Promise<Ended> {
    switch (read.kind) {
      case 'closed':
        return new Ended('closed-by-peer', 'the peer closed the connection');
      case 'timeout': {
        const abort = this.#peer === undefined ? undefined : pdu.abortReason.notSpecified;
        return new Ended('timed-out', 'the peer said nothing in time', abort);
      }
      case 'broken':
        return new Ended('protocol-error', read.reason, pdu.abortReason.unrecognizedPdu);
      case 'pdu':
        if (read.type === pdu.pduType.abort) return new Ended('aborted-by-peer', 'the peer aborted');
        if (read.type === pdu.pduType.releaseRequest && this.#peer !== undefined) {
          await this.#farewell(pdu.encodeReleaseResponse());
          return new Ended('released', 'released');
        }
        return new Ended('protocol-error', `unexpected PDU of type ${read.type}`, pdu.abortReason.unexpectedPdu);
    }
  }

  async #send(bytes: Buffer): Promise<void> {
    if (this.socket.destroyed || !this.socket.writable)
      throw new Ended('closed-by-peer', 'the peer closed the connection');
    if (this.socket.write(bytes)) return;
    const late = AbortSignal.timeout(this.options.idleTimeoutMs);
    await Promise.race([
      once(this.socket, 'drain', { signal: late }),
      once(this.socket, 'close', { signal: late }),
    ]).catch(() => {
      throw new Ended('timed-out', 'the peer does not read');
    });
  }

  /** Last words: sent, then the peer has the ARTIM time to close (PS3.8 9.2, state 13). */
  async #farewell(bytes: Buffer): Promise<void> {
    if (this.socket.destroyed) return;
    this.socket.end(bytes);
    await Promise.race([
      once(this.socket, 'close'),
      new Promise((resolve) => setTimeout(resolve, Math.min(2_000, this.options.associateTimeoutMs)).unref()),
    ]).catch(() => undefined);
  }
}
