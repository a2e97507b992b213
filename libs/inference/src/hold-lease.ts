import type { Lease, WorkQueue } from '@sightline/persistence';

/** The row went to another runner, or may have: whatever is being computed for it is worth nothing now. */
export class LeaseLost extends Error {
  constructor() {
    super('the lease of the request was lost');
  }
}

/**
 * Renews a lease until told to stop. Calls `onLost` once: when the queue says so, or when nothing was heard from it for as long
 * as the lease lasts, since another runner may have the row by then.
 */
export function holdLease<P>(
  queue: Pick<WorkQueue<P>, 'renew'>,
  lease: Lease<P>,
  leaseMs: number,
  onLost: (reason: LeaseLost) => void,
): () => void {
  let heldSince = performance.now();
  const lose = (): void => {
    clearInterval(timer);
    onLost(new LeaseLost());
  };
  const renew = async (): Promise<void> => {
    const asked = performance.now();
    if (asked - heldSince >= leaseMs) return lose();
    const held = await queue.renew(lease, leaseMs).catch(() => undefined);
    if (held === false) lose();
    else if (held) heldSince = asked;
  };
  const timer = setInterval(() => void renew(), leaseMs / 4);
  return () => clearInterval(timer);
}
