import type { Tx } from '@sightline/persistence';
import { compareAnswers, rankOf } from './answer-order.ts';
import { addEdition, newestReport, type Report } from './report-store.ts';

/** True where the report gives a newer answer by now than the one that was seen. */
export function isNewerThan(current: Report, seen: Report): boolean {
  return compareAnswers(rankOf(current.answer), rankOf(seen.answer)) > 0;
}

/**
 * The report as it was seen by a person who has acted on it. A newer answer that it took up meanwhile leaves it, and becomes a report
 * of its own.
 */
export async function partFromNewer(
  tx: Tx,
  current: Report,
  seen: Report,
  destinations: readonly string[],
): Promise<Report> {
  if (!isNewerThan(current, seen)) return current;
  const { generation } = current;
  const newest = await newestReport(tx, current.studyInstanceUid, current.model);
  // A report of its own by now: the newer answer is in it, or in one after it.
  if (newest?.generation === generation) {
    await addEdition(tx, { ...current, generation: generation + 1, edition: 1 }, destinations);
  }
  const { answer, review, state } = seen;
  return { ...current, answer, review, state };
}
