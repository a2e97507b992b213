import { once } from 'node:events';
import type { Socket } from 'node:net';
import { decodeCommand, type Command } from './command-set.ts';
import { PduReader, type ReadPdu } from './pdu-reader.ts';
import * as pdu from './pdu.ts';

/** How an association ended. */
export type Ending = 'released' | 'aborted-by-peer' | 'closed-by-peer' | 'timed-out' | 'protocol-error' | 'rejected';

/** What we take in one P-DATA-TF PDU, in bytes. */
export const maxPduLength = 131_072;

/** A command is a few hundred bytes; more is nobody's command. */
const longestCommand = 65_536;

/** How long the peer has to close after our last word, at most: the ARTIM timer (PS3.8 9.1.5). */
const longestFarewellMs = 2_000;

/** Thrown where an association is over; with `abort`, the peer has still to be told so. */
export class Ended extends Error {
  constructor(
    readonly ending: Ending,
    readonly reason: string,
    readonly abort?: number,
  ) {
    super(reason);
  }
}

/** A command, and what came behind it in its last PDU. */
export interface ReceivedCommand {
  contextId: number;
  command: Command;
  rest: readonly pdu.PresentationDataValue[];
}

export interface ChannelLimits {
  /** From one PDU to the next, and for the peer to read what we send. */
  idleTimeoutMs: number;
  /** For the peer to close after our last word. */
  farewellTimeoutMs: number;
}

/** What both sides of an association do alike: PDUs, and messages in them, each within its time. */
export class MessageChannel {
  readonly #reader: PduReader;
  #peerMaxPduLength = 0;
  #associated = false;

  constructor(
    private readonly socket: Socket,
    private readonly limits: ChannelLimits,
  ) {
    this.#reader = new PduReader(socket);
  }

  /** From here on the peer may release, and is aborted where it says nothing. */
  associated(peerMaxPduLength: number): void {
    this.#associated = true;
    this.#peerMaxPduLength = peerMaxPduLength;
  }

  /** The body of the next PDU, which is of this type; any other ends the association. */
  async expect(type: number, timeoutMs: number): Promise<Buffer> {
    return this.bodyOf(await this.#reader.next(timeoutMs), type);
  }

  async bodyOf(read: ReadPdu, type: number): Promise<Buffer> {
    if (read.kind === 'pdu' && read.type === type) return read.body;
    throw await this.#endOn(read);
  }

  async next(timeoutMs: number): Promise<ReadPdu> {
    return this.#reader.next(timeoutMs);
  }

  async readCommand(): Promise<ReceivedCommand> {
    return this.#commandFrom(await this.#nextValues());
  }

  /** The next command, or undefined where none has begun within `timeoutMs`. */
  async readCommandWithin(timeoutMs: number): Promise<ReceivedCommand | undefined> {
    const read = await this.#reader.next(timeoutMs);
    return read.kind === 'timeout' ? undefined : this.#commandFrom(await this.#valuesOf(read));
  }

  /** Hands on a data set while it arrives. `rest` is what came behind its command. */
  async readDataSet(
    { contextId, rest }: Pick<ReceivedCommand, 'contextId' | 'rest'>,
    take: (bytes: Buffer) => Promise<void> | void,
  ): Promise<void> {
    for (let values = rest; ; values = await this.#nextValues()) {
      for (const value of values) {
        if (value.isCommand || value.contextId !== contextId) {
          throw new Ended('protocol-error', 'a command inside a data set', pdu.abortReason.unexpectedPdu);
        }
        await take(value.bytes);
        if (value.isLast) return;
      }
    }
  }

  /** A command, and a data set behind it where there is one. */
  async sendMessage(contextId: number, command: Buffer, dataSet?: Uint8Array): Promise<void> {
    for (const bytes of pdu.encodeDataPdus(contextId, 'command', command, this.#peerMaxPduLength)) {
      await this.send(bytes);
    }
    if (dataSet === undefined) return;
    for (const bytes of pdu.encodeDataPdus(contextId, 'data-set', dataSet, this.#peerMaxPduLength)) {
      await this.send(bytes);
    }
  }

  async send(bytes: Buffer): Promise<void> {
    if (this.socket.destroyed || !this.socket.writable)
      throw new Ended('closed-by-peer', 'the peer closed the connection');
    if (this.socket.write(bytes)) return;
    const settled = new AbortController();
    const signal = AbortSignal.any([settled.signal, AbortSignal.timeout(this.limits.idleTimeoutMs)]);
    try {
      await Promise.race([once(this.socket, 'drain', { signal }), once(this.socket, 'close', { signal })]);
    } catch {
      throw new Ended('timed-out', 'the peer does not read');
    } finally {
      // Else each wait would leave its listeners behind until its time is up.
      settled.abort();
    }
  }

  /** Last words: sent, then the peer has the ARTIM time to close (PS3.8 9.2, state 13). */
  async farewell(bytes: Buffer): Promise<void> {
    if (this.socket.destroyed) return;
    this.socket.end(bytes);
    const mostMs = Math.min(longestFarewellMs, this.limits.farewellTimeoutMs);
    await Promise.race([
      once(this.socket, 'close'),
      new Promise((resolve) => setTimeout(resolve, mostMs).unref()),
    ]).catch(() => undefined);
  }

  async #commandFrom(first: pdu.PresentationDataValue[]): Promise<ReceivedCommand> {
    const parts: Buffer[] = [];
    let length = 0;
    for (let values = first; ; values = await this.#nextValues()) {
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
    return this.#valuesOf(await this.#reader.next(this.limits.idleTimeoutMs));
  }

  async #valuesOf(read: ReadPdu): Promise<pdu.PresentationDataValue[]> {
    if (read.kind !== 'pdu' || read.type !== pdu.pduType.dataTransfer) throw await this.#endOn(read);
    const values = pdu.decodePresentationData(read.body);
    if (values === undefined) {
      throw new Ended('protocol-error', 'malformed P-DATA-TF', pdu.abortReason.invalidPduParameter);
    }
    return values;
  }

  async #endOn(read: ReadPdu): Promise<Ended> {
    switch (read.kind) {
      case 'closed':
        return new Ended('closed-by-peer', 'the peer closed the connection');
      case 'timeout': {
        const abort = this.#associated ? pdu.abortReason.notSpecified : undefined;
        return new Ended('timed-out', 'the peer said nothing in time', abort);
      }
      case 'broken':
        return new Ended('protocol-error', read.reason, pdu.abortReason.unrecognizedPdu);
      case 'pdu':
        if (read.type === pdu.pduType.abort) return new Ended('aborted-by-peer', 'the peer aborted');
        if (read.type === pdu.pduType.releaseRequest && this.#associated) {
          await this.farewell(pdu.encodeReleaseResponse());
          return new Ended('released', 'the peer released the association');
        }
        return new Ended('protocol-error', `unexpected PDU of type ${read.type}`, pdu.abortReason.unexpectedPdu);
    }
  }
}
