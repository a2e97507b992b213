import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  type Bundle,
  type BundleEntry,
  type DiagnosticReport,
  type ImagingStudy,
  type Observation,
  type Resource,
} from '@medplum/fhirtypes';
import { checkedCode, codes, concept, findingSchema, type Finding } from '@sightline/findings';
import { answerOf, transactionOf, type ResultInChart } from './index.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const studyInstanceUid = '1.2.826.0.1.3680043.8.498.1';
const series = `${studyInstanceUid}.1`;
const image = (n: number) => ({
  seriesInstanceUid: series,
  sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
  sopInstanceUid: `${series}.${n}`,
  modality: 'DX',
});

function finding(n: number, more: Record<string, unknown> = {}): Finding {
  const { modality: _, ...source } = image(n);
  return findingSchema.parse({
    key: 'pneumonia',
    trackingIdentifier: `pneumonia ${n}`,
    trackingUid: `2.25.${n}`,
    concept: concept(codes.snomed.pneumonia),
    site: concept(codes.snomed.lung),
    laterality: 'unknown',
    presence: 'present',
    certainty: { probability: 0.912345678, threshold: 0.4 },
    measurements: [],
    sources: [source],
    sentence: `Suspected pneumonia in image ${n} <91 %>.`,
    ...more,
  });
}

function set(more: Partial<ResultInChart> = {}): ResultInChart {
  return {
    study: {
      studyInstanceUid,
      revision: 1,
      patient: {},
      modalities: ['DX'],
      startedAt: '2026-02-03T04:05:06+01:00',
      accessionNumber: 'A1',
    },
    model: {
      name: 'chest-xray-paediatric',
      version: '1.0.0',
      title: 'Chest X-ray, paediatric',
      sha256: 'a'.repeat(64),
      intendedUse: 'Reference model, not a medical device.',
      reports: {
        category: [codes.loinc.radiology, codes.hl7.sectionRadiology].map(concept),
        code: concept(codes.loinc.chestXray),
      },
      card: '# Card – ä',
    },
    images: [1, 2].map(image) as unknown as ResultInChart['images'],
    findings: [finding(1), finding(2, { presence: 'absent', laterality: 'left' })],
    completedAt: '2026-02-03T04:06:00.000Z',
    generation: 1,
    edition: 1,
    state: 'unreviewed',
    review: { verdicts: [] },
    patient: 'Patient/7',
    ...more,
  };
}

const entries = (bundle: Bundle): BundleEntry[] => bundle.entry ?? [];

function all<T extends Resource>(
  bundle: Bundle,
  type: T['resourceType'],
): { url: string; resource: T; entry: BundleEntry }[] {
  return entries(bundle)
    .filter(({ resource }) => resource?.resourceType === type)
    .map((entry) => ({ url: entry.fullUrl ?? '', resource: entry.resource as T, entry }));
}

const only = <T extends Resource>(bundle: Bundle, type: T['resourceType']) => {
  const [found, ...rest] = all<T>(bundle, type);
  expect(rest).toHaveLength(0);
  if (found === undefined) {
    throw new Error(`no ${type}`);
  }
  return found;
};

/** What the chart holds after a bundle was posted: ids and versions as a server would give them. */
function posted(bundle: Bundle) {
  const stored = entries(bundle).map(({ resource }, n) => ({
    ...resource,
    id: `${n}`,
    meta: { ...resource?.meta, versionId: '3' },
  }));
  const of = (type: string): unknown[] => stored.filter((one) => 'resourceType' in one && one.resourceType === type);
  return {
    report: of('DiagnosticReport')[0] as DiagnosticReport,
    imagingStudy: of('ImagingStudy')[0] as ImagingStudy,
    observations: of('Observation') as Observation[],
  };
}

function walk(value: unknown, visit: (node: Record<string, unknown>) => void): void {
  if (typeof value !== 'object' || value === null) {
    return;
  }
  if (!Array.isArray(value)) {
    visit(value as Record<string, unknown>);
  }
  for (const child of Object.values(value)) {
    walk(child, visit);
  }
}

describe('a result set for an empty chart', () => {
  const bundle = transactionOf(set(), { observations: [] }, digest);

  it('lists every finding in the report, once', () => {
    const observations = all<Observation>(bundle, 'Observation');
    expect(observations).toHaveLength(2);
    expect(
      only<DiagnosticReport>(bundle, 'DiagnosticReport').resource.result?.map(({ reference }) => reference),
    ).toEqual(observations.map(({ url }) => url));
  });

  it('labels everything AI said as AI-asserted, and nothing else', () => {
    for (const { resource } of entries(bundle)) {
      const said = ['Observation', 'DiagnosticReport', 'Provenance'].includes(resource?.resourceType ?? '');
      expect([resource?.resourceType, resource?.meta?.security?.map(({ code }) => code)]).toEqual([
        resource?.resourceType,
        said ? ['AIAST'] : undefined,
      ]);
    }
  });

  it('emits no code that nobody checked', () => {
    const unknown: string[] = [];
    walk(bundle, ({ system, code, display }) => {
      if (typeof system === 'string' && typeof code === 'string' && system !== 'urn:ietf:rfc:3986') {
        const entry = checkedCode(system, code);
        if (entry === undefined || (display !== undefined && entry.display !== display)) {
          unknown.push(`${system}|${code}|${String(display)}`);
        }
      }
    });
    expect(unknown).toEqual([]);
  });

  it('says nothing as verified: report partial, findings preliminary, no conclusion code', () => {
    const { resource } = only<DiagnosticReport>(bundle, 'DiagnosticReport');
    expect(resource.status).toBe('partial');
    expect(resource.conclusionCode).toBeUndefined();
    expect(resource.conclusion).toMatch(/^Unverified, by AI/);
    expect(resource.text?.div).toContain('&lt;91 %&gt;');
    for (const one of all<Observation>(bundle, 'Observation')) {
      expect(one.resource.status).toBe('preliminary');
    }
  });

  it('gives value, certainty, threshold and side of each finding, and the image it was made on', () => {
    const [first, second] = all<Observation>(bundle, 'Observation').map(({ resource }) => resource);
    expect(first?.valueCodeableConcept?.coding?.[0]?.code).toBe('52101004');
    expect(second?.valueCodeableConcept?.coding?.[0]?.code).toBe('2667000');
    const component = (code: string) => first?.component?.find((one) => one.code.coding?.[0]?.code === code);
    expect(component('111012')?.valueQuantity).toMatchObject({ value: 0.912346, code: '1' });
    expect(component('decision-threshold')?.valueQuantity?.value).toBe(0.4);
    expect(component('272741003')?.valueCodeableConcept?.text).toBe('Side unknown');
    expect(first?.derivedFrom?.[1]?.reference).toBe(all(bundle, 'Media')[0]?.url);
  });

  it('codes a side only where the images gave one, and repeats it in words', () => {
    const [first, second] = all<Observation>(bundle, 'Observation').map(({ resource }) => resource.bodySite);
    expect(first).toMatchObject({ coding: [{ code: '39607008' }], text: 'Lung structure, side unknown' });
    expect(second).toMatchObject({ coding: [{ code: '44029006' }], text: 'Lung structure, left' });
  });

  it.each([
    ['eye', 'left', '8966001', 'Structure of eye proper, left'],
    ['eye', 'right', '18944008', 'Structure of eye proper, right'],
    ['eye', 'unknown', '81745001', 'Structure of eye proper, side unknown'],
    ['retina', 'right', '5665001', 'Retinal structure, right'],
    ['brain', 'unknown', '12738006', 'Brain structure, side unknown'],
  ] as const)('codes a finding of the %s, %s', (site, laterality, code, text) => {
    const findings = [finding(1, { site: concept(codes.snomed[site]), laterality })];
    const { resource } = only<Observation>(
      transactionOf(set({ findings }), { observations: [] }, digest),
      'Observation',
    );
    expect(resource.bodySite).toMatchObject({ coding: [{ code }], text });
  });

  it('is filed under the category and the code its model was given', () => {
    const reports = { category: [concept(codes.snomed.ophthalmology)], code: concept(codes.loinc.headCt) };
    const eye = transactionOf(set({ model: { ...set().model, reports } }), { observations: [] }, digest);
    expect(only<DiagnosticReport>(eye, 'DiagnosticReport').resource).toMatchObject({
      category: [{ coding: [{ code: '394594003' }] }],
      code: { coding: [{ code: '24725-4' }], text: 'AI analysis: Chest X-ray, paediatric' },
    });
  });

  it('resolves every reference inside the bundle or to the patient', () => {
    const urls = new Set(entries(bundle).map(({ fullUrl }) => fullUrl));
    expect(urls.size).toBe(entries(bundle).length);
    walk(bundle, ({ reference }) => {
      if (typeof reference === 'string' && reference !== 'Patient/7') {
        expect(urls).toContain(reference);
      }
    });
  });

  it('creates under a condition that agrees with the body, or under an id of its own', () => {
    for (const { request, resource } of entries(bundle)) {
      if (request?.method === 'POST') {
        const identifier = (resource as Observation).identifier?.[0];
        expect(decodeURIComponent(request.ifNoneExist ?? '')).toBe(
          `identifier=${identifier?.system}|${identifier?.value}`,
        );
        expect(request.ifNoneExist).not.toContain('|');
      } else {
        expect(request).toMatchObject({ method: 'PUT', url: `${resource?.resourceType}/${resource?.id}` });
      }
    }
  });

  it('is the same bytes whenever it is made', () => {
    expect(JSON.stringify(transactionOf(set(), { observations: [] }, digest))).toBe(JSON.stringify(bundle));
  });

  it('lists each image with its series, and names the study by its UID and accession number', () => {
    const { resource } = only<ImagingStudy>(bundle, 'ImagingStudy');
    expect(resource.series).toHaveLength(1);
    expect(resource.series?.[0]?.instance).toHaveLength(2);
    expect(resource.identifier?.map(({ value }) => value)).toEqual([`urn:oid:${studyInstanceUid}`, 'A1']);
  });
});

describe('a newer revision over a report nobody has touched', () => {
  const before = posted(transactionOf(set(), { observations: [] }, digest));
  const newer = set({
    study: { ...set().study, revision: 2 },
    findings: [finding(2), finding(3)],
    images: [1, 2, 3].map(image) as unknown as ResultInChart['images'],
  });
  const bundle = transactionOf(newer, before, digest);

  it('replaces the report under its identifier, on the condition that it is the version looked at', () => {
    const { entry, resource } = only<DiagnosticReport>(bundle, 'DiagnosticReport');
    expect(entry.request).toEqual({ method: 'PUT', url: `DiagnosticReport/${before.report.id}`, ifMatch: 'W/"3"' });
    expect(resource.identifier?.[0]).toEqual(before.report.identifier?.[0]);
    expect(answerOf(resource)).toEqual({ version: '1.0.0', revision: 2 });
  });

  it('keeps the entry of a finding told again, adds the new, withdraws the one no longer made', () => {
    const observations = all<Observation>(bundle, 'Observation');
    expect(observations.map(({ entry, resource }) => [entry.request?.method, resource.status])).toEqual([
      ['PUT', 'preliminary'],
      ['POST', 'preliminary'],
      ['PUT', 'entered-in-error'],
    ]);
    expect(only<DiagnosticReport>(bundle, 'DiagnosticReport').resource.result).toHaveLength(2);
  });

  it('adds images to a study we described, and never touches one we did not', () => {
    expect(only<ImagingStudy>(bundle, 'ImagingStudy').resource.series?.[0]?.instance).toHaveLength(3);
    const pacs = { ...before.imagingStudy, meta: { versionId: '1' } };
    expect(all(transactionOf(newer, { ...before, imagingStudy: pacs }, digest), 'ImagingStudy')).toHaveLength(0);
  });
});

describe('a new generation of the report', () => {
  it('shares no identifier with the one a human has acted on', () => {
    const identifiers = (bundle: Bundle) =>
      entries(bundle)
        .filter(({ resource }) => ['Observation', 'DiagnosticReport'].includes(resource?.resourceType ?? ''))
        .map(({ request }) => request?.ifNoneExist);
    const first = identifiers(transactionOf(set(), { observations: [] }, digest));
    const second = identifiers(transactionOf(set({ generation: 2 }), { observations: [] }, digest));
    expect(first.filter((one) => second.includes(one))).toEqual([]);
  });
});
