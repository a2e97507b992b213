import type { Failure, TopicName } from '@sightline/contracts';
import type { IncomingEvent } from './cloud-event.ts';

declare const recordedBrand: unique symbol;

/** The event and all it caused are committed. Only `Delivery.record` can say so. */
export interface Recorded {
  kind: 'recorded';
  [recordedBrand]: true;
}

/** The event had no effect; its failure's kind decides whether it is tried again. */
export interface Failed {
  kind: 'failed';
  failure: Failure;
}

export type Outcome = Recorded | Failed;

export function failed(kind: Failure['kind'], message: string): Failed {
  return { kind: 'failed', failure: { kind, message } };
}

/**
 * One event on its way through a handler. External effects come first, under keys that make repetition harmless; then `record`.
 */
export interface Delivery<T extends TopicName, Tx> extends IncomingEvent<T> {
  /** 1 for the first try. */
  attempt: number;
  /** No further try follows an `unavailable` of this one. */
  lastAttempt: boolean;
  /**
   * Runs `work` in one transaction with the inbox row that makes the event known as done. Returning Failed, or throwing, rolls
   * all of it back. If another replica recorded the event meanwhile, `work` is not kept.
   */
  record(work: (tx: Tx) => Promise<void | Failed>): Promise<Outcome>;
}
