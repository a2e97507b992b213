import type { WorkQueue } from '@sightline/persistence';
import { counter, gauge, histogram } from '@sightline/platform';

const rows = gauge('sightline_inference_queue_rows', 'Requests queued or running');
const age = gauge('sightline_inference_queue_oldest_age_seconds', 'Age of the oldest request queued or running');

export const runSeconds = histogram(
  'sightline_inference_run_seconds',
  'From taking a request to its end, by how it ended',
  [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300],
  ['ending'],
);

export const runsEnded = counter('sightline_inference_runs_total', 'Attempts by how they ended', ['ending']);

/** Looks at the queue every `everyMs` for as long as the returned function has not been called. */
export function watchQueue<P>(queue: Pick<WorkQueue<P>, 'unfinished'>, everyMs: number): () => void {
  const look = async (): Promise<void> => {
    const unfinished = await queue.unfinished().catch(() => undefined);
    if (unfinished === undefined) return;
    rows.set(unfinished.rows);
    age.set(unfinished.oldestAgeSeconds);
  };
  const timer = setInterval(() => void look(), everyMs);
  return () => clearInterval(timer);
}
