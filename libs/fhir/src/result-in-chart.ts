import type { ResultSet } from '@sightline/findings';

/** A result set with the chart it goes to. References are relative, as the destination knows them. */
export interface ResultInChart extends ResultSet {
  /** The resolved record, `Patient/…`. */
  patient: string;
}
