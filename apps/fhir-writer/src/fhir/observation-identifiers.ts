import { changesOf, type ResultInChart } from '@sightline/fhir';
import type { Identifier } from '@medplum/fhirtypes';
import { digest } from '../digest.ts';

/** By which each Observation that a result makes is found in a chart. */
export function observationIdentifiers(set: ResultInChart): Identifier[] {
  return changesOf(set, { observations: [] }, digest).flatMap(({ resource }) =>
    resource.resourceType === 'Observation' ? (resource.identifier?.slice(0, 1) ?? []) : [],
  );
}
