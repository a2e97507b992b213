/**
 * What is wrong with a resource, said by the path of the element and the rule it breaks. Never by its value: an issue is logged
 * and shown, and the value is a patient's.
 */
export interface ElementIssue {
  /** As FHIRPath writes it: `Observation.component[0].code`. */
  readonly path: string;
  readonly text: string;
}

export interface FilingIssue extends ElementIssue {
  /** Which of those that were judged, counted from 1: "2 (Observation)". */
  readonly resource: string;
}
