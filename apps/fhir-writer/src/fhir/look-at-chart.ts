import type { Failure } from '@sightline/contracts';
import { dicomUid, isOurStudy, reportIdentifier, type ChartNow } from '@sightline/fhir';
import type { ResultSet } from '@sightline/findings';
import { failed } from '@sightline/messaging';
import type { DiagnosticReport, Identifier, ImagingStudy, Observation } from '@medplum/fhirtypes';
import type { Errand, QuarantineReason } from '../deliveries/destination.ts';
import type { FhirClient } from './fhir-client.ts';
import { FindTogether } from './find-together.ts';
import { carries, localReference, resourcesIn, token } from './search-result.ts';

type Seen<T> =
  | ({ kind: 'seen' } & T)
  | { kind: 'quarantine'; reason: QuarantineReason }
  | { kind: 'failed'; failure: Failure; retryAfterMs?: number };

/** Ids in one search: a form of some kilobytes, as every server takes it. */
const idsAtOnce = 50;

/** What a chart holds of a study and its report now. */
export class LookAtChart {
  private readonly studies: FindTogether<ImagingStudy>;

  constructor(private readonly fhir: FhirClient) {
    this.studies = new FindTogether(fhir, 'ImagingStudy');
  }

  /** The study as somebody describes it there; a study that is another patient's is nobody's to file to. */
  async study(set: ResultSet, patient: string, errand: Errand): Promise<Seen<{ imagingStudy?: ImagingStudy }>> {
    const identifier = dicomUid(set.study.studyInstanceUid);
    const search = await this.studies.find(identifier, errand);
    if (search.kind === 'failed') return search;
    // A server without studies knows of none.
    if (search.kind !== 'ok') return { kind: 'seen' };
    const found = search.body;
    const [imagingStudy, ...others] = found.filter(({ status }) => status !== 'entered-in-error');
    if (others.length > 0) return { kind: 'quarantine', reason: 'several-imaging-studies' };
    // Somebody took it back there, perhaps because it was not this patient's.
    if (imagingStudy === undefined && found.length > 0) return { kind: 'quarantine', reason: 'study-entered-in-error' };
    if (imagingStudy === undefined) return { kind: 'seen' };
    // One that we described goes with the patient its images are of; only a report told anew can find it under another.
    const goesAlong = isOurStudy(imagingStudy) && set.generation > 1;
    return localReference(imagingStudy.subject, this.fhir.baseUrl) === patient || goesAlong
      ? { kind: 'seen', imagingStudy }
      : { kind: 'quarantine', reason: 'study-of-another-patient' };
  }

  /** The study was written there. */
  hasStudy(set: ResultSet): void {
    this.studies.isThere(dicomUid(set.study.studyInstanceUid));
  }

  /** Our report and everything it says, with what it said before: `identifiers` is what it is to say now. */
  async report(
    set: ResultSet,
    identifiers: readonly Identifier[],
    errand: Errand,
  ): Promise<Seen<Omit<ChartNow, 'imagingStudy'>>> {
    const identifier = reportIdentifier(set.study.studyInstanceUid, set.model.name, set.generation);
    const search = await this.fhir.find<DiagnosticReport>('DiagnosticReport', identifier, errand);
    if (search.kind === 'failed') return search;
    if (search.kind !== 'ok') return failed('unavailable', 'FHIR server could not search DiagnosticReport');
    const [report] = search.body;
    const known = await this.carrying(identifiers, errand);
    if (known.kind !== 'seen') return known;
    const listed = (report?.result ?? []).flatMap(({ reference }) => idOf(reference) ?? []);
    const missing = listed.filter((id) => !known.observations.some((one) => one.id === id));
    const before = await this.read(missing, errand);
    if (before.kind !== 'seen') return before;
    return {
      kind: 'seen',
      observations: [...known.observations, ...before.observations],
      ...(report === undefined ? {} : { report }),
    };
  }

  private async carrying(
    identifiers: readonly Identifier[],
    errand: Errand,
  ): Promise<Seen<{ observations: Observation[] }>> {
    const observations: Observation[] = [];
    for (let from = 0; from < identifiers.length; from += idsAtOnce) {
      const some = identifiers.slice(from, from + idsAtOnce);
      const found = await this.fhir.search<Observation>(
        'Observation',
        { identifier: some.map(token).join(','), _count: String(idsAtOnce) },
        errand,
      );
      if (found.kind === 'failed') return found;
      if (found.kind !== 'ok') return failed('unavailable', 'FHIR server could not search Observation');
      const all = resourcesIn<Observation>(found.body, 'Observation');
      observations.push(...all.filter((one) => some.some((each) => carries(one, each))));
    }
    return { kind: 'seen', observations };
  }

  /** One by one: what a report no longer says is seldom much, and not every server finds by several ids. */
  private async read(ids: readonly string[], errand: Errand): Promise<Seen<{ observations: Observation[] }>> {
    const observations: Observation[] = [];
    for (const id of ids) {
      const read = await this.fhir.read<Observation>(`Observation/${id}`, errand);
      if (read.kind === 'failed') return read;
      if (read.kind === 'ok') observations.push(read.body);
    }
    return { kind: 'seen', observations };
  }
}

function idOf(reference: string | undefined): string | undefined {
  return /(?:^|\/)Observation\/([\w.-]+)/.exec(reference ?? '')?.[1];
}
