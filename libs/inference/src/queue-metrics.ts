import type { Lease, WorkQueue } from '@sightline/persistence';
import { counter, gauge, histogram } from '@sightline/platform';

const rows = gauge('sightline_inference_queue_rows', 'Requests queued or running', ['priority']);
const age = gauge('sightline_inference_queue_oldest_age_seconds', 'Age of the oldest request queued or running');

export const runSeconds = histogram(
  'sightline_inference_run_seconds',
  'From taking a request to its end, by how it ended',
  [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300],
  ['ending'],
);

export const runsEnded = counter('sightline_inference_runs_total', 'Attempts by how they ended', ['ending']);

/** Requests this process has a lease of. */
export const inHand = gauge('sightline_inference_in_hand_requests', 'Requests taken and not yet ended here');

const waitingSeconds = histogram(
  'sightline_inference_waiting_seconds',
  'From the arrival of a request to its first start',
  [0.1, 0.5, 1, 5, 15, 30, 60, 120, 180, 300, 600, 1_200, 3_600],
  ['priority'],
);

const startedLate = counter(
  'sightline_inference_started_after_cap_total',
  'Requests first started after the waiting cap of their priority',
  ['priority'],
);

/** A request that had been started before is not counted again. */
export function countStart({ priority, waited }: Pick<Lease<unknown>, 'priority' | 'waited'>): void {
  if (waited === undefined) return;
  waitingSeconds.observe({ priority }, waited.seconds);
  if (waited.beyondCap) startedLate.inc({ priority });
}

/** Looks at the queue every `everyMs` for as long as the returned function has not been called. */
export function watchQueue<P>(queue: Pick<WorkQueue<P>, 'unfinished'>, everyMs: number): () => void {
  const look = async (): Promise<void> => {
    const unfinished = await queue.unfinished().catch(() => undefined);
    if (unfinished === undefined) return;
    for (const [priority, count] of Object.entries(unfinished.rows)) rows.set({ priority }, count);
    age.set(unfinished.oldestAgeSeconds);
  };
  const timer = setInterval(() => void look(), everyMs);
  return () => clearInterval(timer);
}
