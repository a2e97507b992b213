import type { Identifier, Resource } from '@medplum/fhirtypes';

/** A resource that can carry identifiers. */
export type Identified = Resource & { identifier?: Identifier[] };

/**
 * A resource of a result set on its way to a chart. `once`: shared with others and never changed after it was created (a device, an
 * image). `own`: this report's, created and replaced as the report changes. `trace`: carries no identifier, and is written under an
 * id of ours.
 */
export interface ResultResource {
  kind: 'once' | 'own' | 'trace';
  /** `urn:uuid:…`, by which the others refer to it. */
  fullUrl: string;
  resource: Identified;
}
