import type { Definitions } from '@sightline/fhir';
import type { FhirDestinationSettings, PatientSettings } from '../site.ts';
import { BackendToken } from './backend-token.ts';
import { FhirClient } from './fhir-client.ts';
import { FhirDestination } from './fhir-destination.ts';
import { FindOrder } from './find-order.ts';
import { FindTogether } from './find-together.ts';
import { Issuers } from './issuers.ts';
import { ResolvePatient } from './resolve-patient.ts';
import { Turns } from './turns.ts';

/** What is asked of the authorization server: to read whom and what the images are about, and to write what a report is made of. */
function scopeFor({ rule }: PatientSettings): string {
  return [
    rule === 'create' ? 'Patient.crs' : 'Patient.rs',
    'ServiceRequest.rs',
    'ImagingStudy.crus',
    'DiagnosticReport.crus',
    'Observation.crus',
    'Media.crs',
    'BodyStructure.crs',
    'Device.crs',
    'DocumentReference.crs',
    'Provenance.cu',
  ]
    .map((one) => `system/${one}`)
    .join(' ');
}

/** A FHIR destination as the site describes it. */
export function openFhirDestination(
  settings: FhirDestinationSettings,
  site: { onlyReport: boolean },
  definitions: Definitions,
): FhirDestination {
  const { name, patients, accessions, endpoint, organization, plan, atOnce } = settings;
  const token = new BackendToken({
    tokenUrl: settings.tokenUrl,
    clientId: settings.clientId,
    keyFile: settings.keyFile,
    scope: settings.scope ?? scopeFor(patients),
  });
  const fhir = new FhirClient(settings.baseUrl, token, settings);
  const issuers = new Issuers({
    table: patients.issuers,
    fallback: patients.identifierSystem,
    unmappedGetOwn: patients.rule === 'create',
  });
  return new FhirDestination({
    name,
    turns: new Turns(atOnce),
    attempts: settings.attempts,
    fhir,
    patients: new ResolvePatient(fhir, new FindTogether(fhir, 'Patient'), issuers, patients.rule),
    orders: new FindOrder(new FindTogether(fhir, 'ServiceRequest'), fhir.baseUrl, new Issuers({ table: accessions })),
    plan,
    definitions,
    inChart: {
      onlyReport: site.onlyReport,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(organization === undefined ? {} : { organization }),
    },
  });
}
