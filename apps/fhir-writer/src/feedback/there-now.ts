import type { Feedback } from '@sightline/fhir';

/** What was seen of a report at a destination, and what it says. */
export interface ThereNow {
  /** The edition that people there answered. */
  edition: number;
  feedback: Feedback;
  /** Versions seen, `Type/id` → version. */
  seen: Readonly<Record<string, string>>;
}
