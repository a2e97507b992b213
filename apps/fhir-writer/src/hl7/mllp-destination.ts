import { setTimeout as pause } from 'node:timers/promises';
import type { Failure } from '@sightline/contracts';
import type { Refusal } from '@sightline/hl7v2';
import { failed } from '@sightline/messaging';
import { blockOf } from './mllp-block.ts';
import { MllpConnection, type Exchanged, type Lost, type MllpPeer } from './mllp-connection.ts';

/**
 * `rejected`: the destination will not take this message, however often it is sent. `failed`: it may be sent again, as it
 * is.
 */
export type Sent =
  | { kind: 'accepted' }
  | { kind: 'rejected'; code: Refusal; text: string }
  | { kind: 'failed'; failure: Failure };

/** Connections tried for one message; what lasts longer is the retry rows' business. */
const tries = 3;
const firstWaitMs = 150;

/**
 * A receiver of HL7 v2 messages. Messages go in the order they were given, over one connection that is kept and replaced
 * after faults; none goes while another waits for its answer.
 */
export class MllpDestination {
  #connection: MllpConnection | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly peer: MllpPeer) {}

  /**
   * Sends a message in its turn, as the very text that was given. `controlId` is its MSH-10, the same whenever it is sent
   * again. Never rejects for what a peer or a network does; an aborted `signal` ends it as unavailable.
   */
  async send(text: string, controlId: string, signal: AbortSignal): Promise<Sent> {
    return this.#inTurn(() => this.#deliver(blockOf(text), controlId, signal));
  }

  /** Resolves where there is a connection, or can be one; rejects while there cannot. Sends nothing. */
  async reach(signal: AbortSignal): Promise<void> {
    if (this.#connection?.isOpen === true) return;
    const connection = await this.#inTurn(() => this.#connected(signal));
    if (!(connection instanceof MllpConnection)) throw new Error(`HL7 destination: ${connection.reason}`);
  }

  /** Ends the connection; the next message opens another. */
  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** After everything that was given before, whatever became of that. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #deliver(block: Buffer, controlId: string, signal: AbortSignal): Promise<Sent> {
    let outcome = await this.#once(block, controlId, signal);
    for (let done = 1; done < tries && mayDoAtOnce(outcome) && !signal.aborted; done++) {
      const waitMs = firstWaitMs * 2 ** (done - 1) * (0.5 + Math.random());
      await pause(waitMs, undefined, { signal }).catch(() => undefined);
      outcome = await this.#once(block, controlId, signal);
    }
    return sentOf(outcome);
  }

  async #once(block: Buffer, controlId: string, signal: AbortSignal): Promise<Exchanged> {
    const connection = await this.#connected(signal);
    return connection instanceof MllpConnection ? connection.exchange(block, controlId, signal) : connection;
  }

  /** The connection that is kept, or another in its place. */
  async #connected(signal: AbortSignal): Promise<MllpConnection | Lost> {
    if (this.#connection?.isOpen === true) return this.#connection;
    const opened = await MllpConnection.open(this.peer, signal);
    if (opened instanceof MllpConnection) this.#connection = opened;
    return opened;
  }
}

function mayDoAtOnce(outcome: Exchanged): boolean {
  return outcome.kind === 'lost' && outcome.again === 'at-once';
}

function sentOf(outcome: Exchanged): Sent {
  if (outcome.kind === 'lost') return unavailable(outcome.reason);
  const { answer } = outcome;
  if (answer.kind === 'accepted') return { kind: 'accepted' };
  const { code, text, mayPass } = answer;
  return mayPass ? unavailable(`it answered ${text}`) : { kind: 'rejected', code, text };
}

function unavailable(reason: string): Sent {
  return failed('unavailable', `HL7 destination: ${reason}`);
}
