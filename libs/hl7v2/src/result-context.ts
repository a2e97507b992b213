import type { Finding } from '@sightline/findings';
import type { Authority, OrderNumber, PatientIdentifier } from './identifiers.ts';

export interface PersonName {
  family?: string | undefined;
  given?: readonly string[] | undefined;
  prefix?: string | undefined;
  suffix?: string | undefined;
}

/** The resolved record, never what the images say. `birthDate` is YYYY-MM-DD. */
export interface PatientOfMessage {
  identifiers: readonly [PatientIdentifier, ...PatientIdentifier[]];
  name?: PersonName | undefined;
  birthDate?: string | undefined;
  sex?: 'M' | 'F' | 'O' | 'U' | undefined;
}

/** The order the study was made for, as far as it is known. */
export interface OrderOfMessage {
  placer?: OrderNumber | undefined;
  filler?: OrderNumber | undefined;
  accession?: OrderNumber | undefined;
}

/** An application in its facility (MSH-3 to MSH-6). */
export interface Application {
  application: Authority;
  facility: Authority;
}

/** Where a result set goes, and what a message says that the set does not hold. */
export interface ResultContext {
  patient: PatientOfMessage;
  order?: OrderOfMessage | undefined;
  sending: Application;
  receiving: Application;
  /** `controlIdOf` the set and the destination. */
  controlId: string;
  /** Table 0103: production, training, debugging. */
  processingId: 'P' | 'T' | 'D';
  /** Whether the site declares that no other report of the study exists. */
  onlyReport: boolean;
  /** Tracking UIDs of findings that somebody has to act on at once: a site's rule says which, never the message. */
  critical?: readonly string[] | undefined;
  /** Findings that the edition before this one told and this one no longer makes: receivers delete them. */
  noLongerFound?: readonly Finding[] | undefined;
  reportUrl?: string | undefined;
  /** A PDF in base64. */
  pdf?: string | undefined;
}
