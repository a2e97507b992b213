import type { ResultSet } from '@sightline/findings';

/** A result set with the chart it goes to. References are relative, as the destination knows them. */
export interface ResultInChart extends ResultSet {
  /** The resolved record, `Patient/…`. */
  patient: string;
  /** What was ordered, `ServiceRequest/…`, and in which encounter. */
  orders: readonly string[];
  encounter?: string;
  /** Where the destination's PACS is reached by DICOMweb, `Endpoint/…`. */
  endpoint?: string;
  /** Who answers for what the mesh says, `Organization/…`. */
  organization?: string;
  /** True where the site declares that no other report of these studies exists. */
  onlyReport: boolean;
  /** The report as a page to read, base64 of a PDF. */
  pdf?: string;
}
