import type { Failure, MessageOf, TopicName } from '@sightline/contracts';
import type { OutgoingEvent, RawRecord } from './cloud-event.ts';
import type { Failed, Outcome } from './delivery.ts';

/** What an app remembers of the events it was given: done, to be tried again, given up. One per app, shared by its replicas. */
export abstract class Inbox<Tx> {
  abstract isDone(topic: TopicName, id: string): Promise<boolean>;
  abstract record(topic: TopicName, id: string, work: (tx: Tx) => Promise<void | Failed>): Promise<Outcome>;
  /** Remembers the record as due again in `delayMs`; replaces what was remembered of it before. */
  abstract retryLater(record: RawRecord, attempt: number, failure: Failure, delayMs: number): Promise<void>;
  /** Keeps the record as a dead row with its failure; no inbox row, so that a replay is handled as if new. */
  abstract giveUp(record: RawRecord, failure: Failure): Promise<void>;
  /** Takes records that are due, hidden from other replicas for `hiddenMs`. */
  abstract takeDue(limit: number, hiddenMs: number): Promise<{ record: RawRecord; attempt: number }[]>;
  /** Forgets that a record was to be tried again. */
  abstract settle(record: RawRecord): Promise<void>;
  /** What kind of failure a thrown error is: a store that went away is `unavailable`, anything else a `defect`. */
  abstract classify(error: unknown): Failure;
}

/** Where an app puts what it has to say, in the transaction that makes it true. */
export abstract class Outbox<Tx> {
  /** Says `body` once: its derived id makes a second telling the same event. */
  abstract add<T extends TopicName>(tx: Tx, topic: T, body: MessageOf<T>, traceparent?: string): Promise<void>;
  /** Publishes an event that was said before once more, under its id; false where it was never said. */
  abstract again(tx: Tx, topic: TopicName, id: string): Promise<boolean>;
}

export interface OutboxSession {
  /** Oldest first. */
  unpublished(limit: number): Promise<{ row: string; event: OutgoingEvent }[]>;
  markPublished(rows: readonly string[]): Promise<void>;
}

/** The relay's side of the outbox. */
export abstract class OutboxStore {
  /**
   * Runs `work` while holding the database's one relay lock; resolves false at once where another replica holds it.
   */
  abstract lead(work: (session: OutboxSession) => Promise<void>): Promise<boolean>;
}
