import type { InferenceCompleted } from '@sightline/contracts';
import type { Errand } from './fhir-client.ts';

/**
 * A first try ends before the broker misses the member that works on it (session timeout 10 s); later ones come from the retry
 * rows and may take longer.
 */
const firstTryMs = 8_000;
const laterTryMs = 40_000;

/** The bounds of one try to file an answer: how long it may take, and what is never said of it. */
export function errandOf({ study }: InferenceCompleted, attempt: number): Errand {
  const { id, name, birthDate } = study.patient;
  return {
    signal: AbortSignal.timeout(attempt === 1 ? firstTryMs : laterTryMs),
    secrets: [id, name, birthDate, study.accessionNumber, study.description].filter((secret) => secret !== undefined),
  };
}
