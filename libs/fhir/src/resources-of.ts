import type { Digest, Finding, ImageOfResult } from '@sightline/findings';
import type { ImagingStudy, Provenance } from '@medplum/fhirtypes';
import { siteOf } from './body-site.ts';
import { algorithmDevice, meshDevice } from './device.ts';
import { diagnosticReport } from './diagnostic-report.ts';
import { answerIdentifier, stableId } from './identifiers.ts';
import { imagingStudy, isOurStudy, withNewImages } from './imaging-study.ts';
import { media } from './media.ts';
import { modelCard } from './model-card.ts';
import {
  correction,
  evaluation,
  measurement,
  measurementGroup,
  refusal,
  type ObservationLinks,
} from './observation.ts';
import { aiProvenance } from './provenance.ts';
import type { Identified, ResultResource } from './result-resource.ts';
import type { ResultInChart } from './result-in-chart.ts';

/**
 * Every resource of a result set, each after those it refers to, which it names by their `fullUrl`. `inChart` is the study as the
 * destination knows it, where it does: ours grows by new images, another's is referred to and left as it is.
 */
export function resourcesOf(set: ResultInChart, inChart: ImagingStudy | undefined, digest: Digest): ResultResource[] {
  const draft = new Draft(digest);
  const study = placeStudy(draft, set, inChart);
  const mesh = draft.add('once', meshDevice());
  const device = draft.add('once', algorithmDevice(set.model, mesh));
  const card = set.model.card === undefined ? undefined : draft.add('once', modelCard(set.model, set.model.card));
  const images = new Map(
    imagesOfFindings(set).map((image) => [image.sopInstanceUid, draft.add('once', media(image, set, study))]),
  );
  const links = { imagingStudy: study, device, media: [] };
  const said =
    set.refusal === undefined
      ? set.findings.map((finding) => sayFinding(draft, set, finding, { ...links, media: mediaOf(finding, images) }))
      : [{ results: [draft.add('own', refusal(set, links))], byAi: [] }];
  const report = draft.add(
    'own',
    diagnosticReport(set, {
      imagingStudy: study,
      media: [...images.values()],
      results: said.flatMap(({ results }) => results),
    }),
  );
  const id = stableId(digest, 'Provenance', `${set.generation}/${answerIdentifier(set).value ?? ''}`);
  draft.trace(
    aiProvenance(id, set, {
      targets: [report, ...said.flatMap(({ byAi }) => byAi)],
      device,
      imagingStudy: study,
      ...(card === undefined ? {} : { modelCard: card }),
    }),
  );
  return draft.resources;
}

/** What is said of one finding. `results` are the leaves that count now; `byAi` what AI said, whatever became of it. */
function sayFinding(
  draft: Draft,
  set: ResultInChart,
  finding: Finding,
  links: ObservationLinks,
): { results: string[]; byAi: string[] } {
  const site = siteOf(finding, set);
  const structure = site.kind === 'structure' ? draft.add('once', site.structure) : '';
  const placed = {
    ...links,
    ...(site.kind === 'none' ? {} : { bodySite: site.kind === 'code' ? site.bodySite : site.bodySite(structure) }),
  };
  const leaf = draft.add('own', evaluation(finding, set, placed));
  const numbers = finding.measurements.map((one, n) => draft.add('own', measurement(one, n + 1, finding, set, placed)));
  const group =
    numbers.length === 0 ? [] : [draft.add('own', measurementGroup(finding, set, placed, [leaf, ...numbers]))];
  const corrected = correction(finding, set, placed, leaf);
  return {
    results: [corrected === undefined ? leaf : draft.add('own', corrected), ...numbers],
    byAi: [leaf, ...numbers, ...group],
  };
}

class Draft {
  readonly resources: ResultResource[] = [];

  constructor(private readonly digest: Digest) {}

  add(kind: 'once' | 'own', resource: Identified): string {
    const { system = '', value = '' } = resource.identifier?.[0] ?? {};
    const fullUrl = `urn:uuid:${stableId(this.digest, resource.resourceType, `${system}|${value}`)}`;
    this.resources.push({ kind, fullUrl, resource });
    return fullUrl;
  }

  trace(resource: Provenance): void {
    this.resources.push({ kind: 'trace', fullUrl: `urn:uuid:${resource.id ?? ''}`, resource });
  }
}

function placeStudy(draft: Draft, set: ResultInChart, inChart: ImagingStudy | undefined): string {
  const wanted = imagingStudy(set);
  if (inChart?.id === undefined) return draft.add('once', wanted);
  // What is taken back is taken back where it stands; the study is not brought along.
  const grown = isOurStudy(inChart) && set.state !== 'withdrawn' ? withNewImages(inChart, wanted) : undefined;
  if (grown === undefined) return `ImagingStudy/${inChart.id}`;
  return draft.add('own', grown);
}

function imagesOfFindings({ findings, images }: ResultInChart): ImageOfResult[] {
  const wanted = new Set(findings.flatMap(({ sources }) => sources.map(({ sopInstanceUid }) => sopInstanceUid)));
  const distinct = new Map(images.map((image) => [image.sopInstanceUid, image]));
  return [...distinct.values()].filter(({ sopInstanceUid }) => wanted.has(sopInstanceUid));
}

function mediaOf({ sources }: Finding, images: ReadonlyMap<string, string>): string[] {
  return sources.flatMap(({ sopInstanceUid }) => images.get(sopInstanceUid) ?? []);
}
