import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { readAcknowledgement, type Acknowledgement } from '@sightline/hl7v2';
import { describeError } from '@sightline/platform';
import { decodeMessage } from './decode-message.ts';
import { BlockReader, type ReadBlock } from './mllp-block.ts';

export interface MllpPeer {
  host: string;
  port: number;
  /** Absent: in the clear. The peer's certificate is always checked, against `ca` where it is given. */
  tls?: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername'>;
  connectTimeoutMs: number;
  answerTimeoutMs: number;
  maxAnswerBytes: number;
}

/** What became of a message on a connection. After `lost` the connection is closed, so that a late answer reaches nobody. */
export type Exchanged = { kind: 'answered'; answer: Answered } | Lost;

/** `at-once`: another connection may do. `later`: the peer was reached and did not answer as it should. */
export interface Lost {
  kind: 'lost';
  reason: string;
  again: 'at-once' | 'later';
}

type Answered = Exclude<Acknowledgement, { kind: 'of-another' | 'unreadable' }>;

type Heard = ReadBlock | { kind: 'ended'; reason: string };

/** One connection to a peer, on which at most one message waits for its answer. */
export class MllpConnection {
  #listener: ((heard: Heard) => void) | undefined;
  #ended: string | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly peer: MllpPeer,
  ) {
    const reader = new BlockReader(peer.maxAnswerBytes);
    // What comes after an answer goes to whoever waited last, who needs no other.
    socket.on('data', (chunk: Buffer) => reader.push(chunk).forEach((block) => this.#listener?.(block)));
    socket.on('error', (error) => this.#end(describeError(error)));
    socket.on('close', () => this.#end('the connection was closed'));
    socket.on('end', () => this.#end('the connection was closed'));
  }

  /** A connection, or why there is none. */
  static async open(peer: MllpPeer, signal: AbortSignal): Promise<MllpConnection | Lost> {
    const bounds = AbortSignal.any([signal, AbortSignal.timeout(peer.connectTimeoutMs)]);
    const { host, port, tls } = peer;
    const to = { host, port, noDelay: true, keepAlive: true };
    const socket = tls === undefined ? connect(to) : connectTls({ ...to, minVersion: 'TLSv1.2', ...tls });
    try {
      await once(socket, tls === undefined ? 'connect' : 'secureConnect', { signal: bounds });
      return new MllpConnection(socket, peer);
    } catch (error) {
      socket.on('error', () => undefined);
      socket.destroy();
      if (signal.aborted) return lost('given up', 'later');
      const reason = bounds.aborted ? `no connection within ${peer.connectTimeoutMs} ms` : describeError(error);
      return lost(reason, 'at-once');
    }
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  close(): void {
    this.socket.destroy();
  }

  /** Sends a block and waits for the answer that names its control id; others are not its answer. */
  async exchange(block: Buffer, controlId: string, signal: AbortSignal): Promise<Exchanged> {
    const { answerTimeoutMs } = this.peer;
    const bounds = AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]);
    const outcome = await new Promise<Exchanged>((resolve) => {
      const giveUp = (): void =>
        resolve(lost(signal.aborted ? 'given up' : `no answer within ${answerTimeoutMs} ms`, 'later'));
      bounds.addEventListener('abort', giveUp, { once: true });
      this.#listener = (heard) => hear(heard, controlId, resolve);
      if (bounds.aborted) giveUp();
      else this.socket.write(block);
    });
    if (outcome.kind === 'lost') this.close();
    return outcome;
  }

  #end(reason: string): void {
    this.#ended ??= reason;
    this.#listener?.({ kind: 'ended', reason: this.#ended });
  }
}

function hear(heard: Heard, controlId: string, resolve: (outcome: Exchanged) => void): void {
  if (heard.kind === 'ended') return resolve(lost(heard.reason, 'at-once'));
  if (heard.kind === 'broken') return resolve(lost(`the answer is ${heard.reason}`, 'later'));
  const answer = readAcknowledgement(decodeMessage(heard.bytes), controlId);
  if (answer.kind === 'unreadable') return resolve(lost('the answer is no acknowledgement', 'later'));
  if (answer.kind !== 'of-another') resolve({ kind: 'answered', answer });
}

function lost(reason: string, again: Lost['again']): Lost {
  return { kind: 'lost', reason, again };
}
