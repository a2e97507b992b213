import {
  type Bundle,
  type BundleEntry,
  type DiagnosticReport,
  type Identifier,
  type ImagingStudy,
  type Observation,
  type Resource,
} from '@medplum/fhirtypes';
import { algorithmDevice, meshDevice } from './device.ts';
import { diagnosticReport } from './diagnostic-report.ts';
import { answerIdentifier, identifierQuery, stableId } from './identifiers.ts';
import { imagingStudy, isOurs, withNewImages } from './imaging-study.ts';
import { media } from './media.ts';
import { modelCard } from './model-card.ts';
import { observation, observationIdentifier, withdrawn } from './observation.ts';
import { provenance } from './provenance.ts';
import { type Digest, type ImageOfResult } from '@sightline/findings';
import type { ResultInChart } from './result-in-chart.ts';

/** What the chart already holds of this study and report; empty where nothing does. */
export interface ChartNow {
  imagingStudy?: ImagingStudy;
  /** Ours, which nobody has touched: it is updated. */
  report?: DiagnosticReport;
  observations: readonly Observation[];
}

/**
 * A result set as one transaction. What is new is created on the condition that nothing carries its identifier yet; what is
 * known is replaced on the condition that it is still the version that was looked at. Sent twice, it changes nothing.
 */
export function transactionOf(set: ResultInChart, chart: ChartNow, digest: Digest): Bundle {
  const draft = new Draft(digest);
  const study = placeStudy(draft, set, chart.imagingStudy);
  const mesh = draft.create(meshDevice());
  const device = draft.create(algorithmDevice(set.model, mesh));
  const card = set.model.card === undefined ? undefined : draft.create(modelCard(set.model, set.model.card));
  const images = new Map(
    imagesOfFindings(set).map((image) => [image.sopInstanceUid, draft.create(media(image, set, study))]),
  );
  const observations = set.findings.map((finding) =>
    draft.place(
      observation(finding, set, {
        imagingStudy: study,
        device,
        media: finding.sources.flatMap(({ sopInstanceUid }) => images.get(sopInstanceUid) ?? []),
      }),
      known(chart.observations, observationIdentifier(finding.trackingUid, set)),
    ),
  );
  for (const gone of vanished(set, chart.observations)) {
    draft.place(withdrawn(gone, set.study.revision), gone);
  }
  const report = draft.place(
    diagnosticReport(set, { imagingStudy: study, media: [...images.values()], observations }),
    chart.report,
  );
  const provenanceId = stableId(digest, 'Provenance', `${set.generation}/${answerIdentifier(set).value ?? ''}`);
  draft.put(
    provenance(provenanceId, set, {
      targets: [report, ...observations],
      device,
      imagingStudy: study,
      ...(card === undefined ? {} : { modelCard: card }),
    }),
  );
  return { resourceType: 'Bundle', type: 'transaction', entry: draft.entries };
}

type Identified = Resource & { identifier?: Identifier[] };

/** The entries in the making; each method answers with the reference under which the others know the resource. */
class Draft {
  readonly entries: BundleEntry[] = [];
  private readonly digest: Digest;

  constructor(digest: Digest) {
    this.digest = digest;
  }

  /** Created unless something carries its first identifier already; the condition and the body agree by construction. */
  create(resource: Identified): string {
    const identifier = resource.identifier?.[0] ?? {};
    const fullUrl = `urn:uuid:${stableId(this.digest, resource.resourceType, `${identifier.system}|${identifier.value}`)}`;
    this.entries.push({
      fullUrl,
      resource,
      request: { method: 'POST', url: resource.resourceType, ifNoneExist: identifierQuery(identifier) },
    });
    return fullUrl;
  }

  /** Replaces `knownAs` where there is one, if it is still the version that was seen. */
  place(resource: Identified, knownAs: Resource | undefined): string {
    if (knownAs?.id === undefined) {
      return this.create(resource);
    }
    const reference = `${resource.resourceType}/${knownAs.id}`;
    const version = knownAs.meta?.versionId;
    this.entries.push({
      fullUrl: `urn:uuid:${stableId(this.digest, resource.resourceType, knownAs.id)}`,
      resource: { ...resource, id: knownAs.id },
      request: {
        method: 'PUT',
        url: reference,
        ...(version === undefined ? {} : { ifMatch: `W/"${version}"` }),
      },
    });
    return reference;
  }

  /** Under an id of our own: for resources that carry no identifier. */
  put(resource: Resource & { id?: string }): void {
    this.entries.push({
      fullUrl: `urn:uuid:${resource.id ?? ''}`,
      resource,
      request: { method: 'PUT', url: `${resource.resourceType}/${resource.id ?? ''}` },
    });
  }
}

function placeStudy(draft: Draft, set: ResultInChart, inChart: ImagingStudy | undefined): string {
  const wanted = imagingStudy(set);
  if (inChart?.id === undefined) {
    return draft.create(wanted);
  }
  const grown = isOurs(inChart) ? withNewImages(inChart, wanted) : undefined;
  return grown === undefined ? `ImagingStudy/${inChart.id}` : draft.place(grown, inChart);
}

function imagesOfFindings({ findings, images }: ResultInChart): ImageOfResult[] {
  const wanted = new Set(findings.flatMap(({ sources }) => sources.map(({ sopInstanceUid }) => sopInstanceUid)));
  const distinct = new Map(images.map((image) => [image.sopInstanceUid, image]));
  return [...distinct.values()].filter(({ sopInstanceUid }) => wanted.has(sopInstanceUid));
}

function known(observations: readonly Observation[], { system, value }: Identifier): Observation | undefined {
  return observations.find(({ identifier }) => identifier?.some((one) => one.system === system && one.value === value));
}

function vanished(set: ResultInChart, observations: readonly Observation[]): Observation[] {
  const told = set.findings.map(({ trackingUid }) => observationIdentifier(trackingUid, set));
  return observations.filter(
    (one) => one.status !== 'entered-in-error' && !told.some((identifier) => known([one], identifier) !== undefined),
  );
}
