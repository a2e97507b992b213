import type { Tx } from '@sightline/persistence';

/** Opens a transaction of the app's own database. */
export abstract class Transactions {
  abstract run<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}
