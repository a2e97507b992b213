import type { Destination } from './deliveries/destination.ts';
import { openPacsDestination, type ArchiveParts } from './dicom/open-pacs-destination.ts';
import { openFhirDestination } from './fhir/open-fhir-destination.ts';
import { openOruDestination } from './hl7/open-oru-destination.ts';
import { loadDefinitions } from './load-definitions.ts';
import type { Site } from './site.ts';

/** Every destination of a site; those that cannot tell whose a report is are given one that can. */
export async function openDestinations(site: Site, parts: ArchiveParts): Promise<Destination[]> {
  const definitions = await loadDefinitions();
  const charts = new Map(
    site.destinations.flatMap((one) =>
      one.kind === 'fhir' ? [[one.name, openFhirDestination(one, site, definitions)] as const] : [],
    ),
  );
  return Promise.all(
    site.destinations.map(async (one) => {
      // Objects lie in the study of their images, whose patient they name.
      if (one.kind === 'dicom') return openPacsDestination(one, site, parts);
      const chart = charts.get(one.kind === 'fhir' ? one.name : one.identity);
      if (chart === undefined) throw new Error(`no FHIR destination ${one.name}`);
      return one.kind === 'fhir' ? chart : openOruDestination(one, site, chart);
    }),
  );
}
