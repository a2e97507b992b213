import type { Failure, ReportFiled } from '@sightline/contracts';
import type { ResultSet } from '@sightline/findings';
import type { ThereNow } from '../feedback/there-now.ts';
import type { Edition } from '../reports/report-store.ts';

/** Why nobody can say for sure whose a report is. */
export type QuarantineReason =
  | 'patient-id-missing'
  | 'issuer-unknown'
  | 'no-such-patient'
  | 'several-patients'
  | 'record-not-active'
  | 'birth-date-disagrees'
  | 'sex-disagrees'
  | 'name-disagrees'
  | 'demographics-missing'
  | 'study-of-another-patient'
  | 'study-entered-in-error'
  | 'order-of-another-patient'
  | 'order-entered-in-error'
  | 'several-imaging-studies';

/** Bounds of one piece of work at a destination: `signal` ends it, `secrets` never appear in what is said of a failure. */
export interface Errand {
  signal: AbortSignal;
  secrets: readonly string[];
}

/** What a destination is to be told: the report as it stands, what it was told of it last, and a person's word on whose it is. */
export interface ToTell {
  set: ResultSet;
  /** What the result set was made from. */
  edition: Edition;
  callingAeTitle?: string;
  /** The `memory` that `tell` gave back last time; undefined the first time. */
  memory: unknown;
  /** Of what is to be taken back and was never known to be told: what a try was about to tell, which may have arrived. */
  begun?: unknown;
  /** To be asked before the first word of a report leaves, with what `begun` is to be; false where it could not be noted: say nothing. */
  begin: (memory: unknown) => Promise<boolean>;
  /** What it was told last, and every edition since that a try may have written. */
  before: readonly ResultSet[];
  /** The record that somebody decided on when the patient could not be told for sure. */
  patient?: string;
  /** Draws the report as a page to read, base64 of a PDF; undefined where it cannot be drawn. Not every destination shows one. */
  page: () => Promise<string | undefined>;
}

/** What is at a destination now by our hand. `memory` is the destination's own, kept and handed back. */
export interface Told {
  memory: unknown;
  how: 'created' | 'updated' | 'already-there';
  patientCreated: boolean;
  filed?: Pick<ReportFiled, 'reportUrl' | 'resources' | 'bundleSha256'>;
}

/** A report that a person at the destination has acted on: what they made of it, and how it is known there. */
export interface Touched {
  now: ThereNow;
  report: { url: string; versionId?: string };
  memory: unknown;
}

export type Telling =
  | { kind: 'told'; told: Told }
  /** There is nothing to say here, and why. */
  | { kind: 'not-needed'; reason: string }
  /** Somebody at the destination has acted on the report: it is left alone. */
  | { kind: 'touched'; touched: Touched }
  | { kind: 'quarantined'; reason: QuarantineReason }
  /** It has the report and has not said yet that it knows it; `counts`: it was asked once more, which has an end. */
  | { kind: 'waiting'; reason: string; lookAgainMs: number; counts: boolean }
  /** `retryAfterMs` is the destination's own wish. */
  | { kind: 'failed'; failure: Failure; retryAfterMs?: number };

/** Why nothing was told where what is about to be told could not be written down first. */
export const notNoted = 'what is about to be told could not be noted';

/** Whether a report is still under the right record. `moved`: it is another's by now, or nobody can say for sure whose. */
export type Whose = { kind: 'same' } | { kind: 'moved' } | { kind: 'failed'; failure: Failure };

/** A place reports go to. `tell` may be repeated at any time and by anybody: it leaves one report. */
export abstract class Destination {
  abstract readonly name: string;
  /** Reports under way at once; may be another number every time. */
  abstract readonly atOnce: number;
  /** Tries of what it has to hear, while it is unavailable: about a day of them, then somebody must look. */
  readonly attempts: number = 300;
  /** Rejects while the destination cannot be reached. */
  abstract reach(): Promise<void>;
  abstract tell(report: ToTell, errand: Errand): Promise<Telling>;

  /** Asks again whose a report is that the destination was told of; one that cannot say holds to what it was told. */
  async askWhose(_report: ToTell, _errand: Errand): Promise<Whose> {
    return { kind: 'same' };
  }
}
