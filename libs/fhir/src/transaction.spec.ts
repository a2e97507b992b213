import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  type BodyStructure,
  type Bundle,
  type BundleEntry,
  type DiagnosticReport,
  type ImagingStudy,
  type Observation,
  type Resource,
} from '@medplum/fhirtypes';
import { checkedCode, codes, concept, type Finding, type GivenVerdict } from '@sightline/findings';
import { answerOf, changesOf, transactionOf, verification, type ChartNow, type ResultInChart } from './index.ts';
import { exampleModel } from '../../../test/support/example-model.ts';
import { findingNumber } from '../../../test/support/result-in-state.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const studyInstanceUid = '1.2.826.0.1.3680043.8.498.1';
const series = `${studyInstanceUid}.1`;
const image = (n: number) => ({
  seriesInstanceUid: series,
  sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
  sopInstanceUid: `${series}.${n}`,
  modality: 'DX',
});

function finding(n: number, more: Partial<Finding> = {}): Finding {
  return findingNumber(n, {
    certainty: { probability: 0.912345678, threshold: 0.4 },
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
    model: { ...exampleModel, card: '# Card – ä' },
    images: [1, 2].map(image) as unknown as ResultInChart['images'],
    findings: [finding(1), finding(2, { presence: 'absent', laterality: 'left' })],
    completedAt: '2026-02-03T04:06:00.000Z',
    generation: 1,
    edition: 1,
    state: 'unreviewed',
    review: { verdicts: [] },
    patient: 'Patient/7',
    orders: [],
    onlyReport: true,
    ...more,
  };
}

const empty: ChartNow = { observations: [] };

function bundleOf(result: ResultInChart, chart: ChartNow = empty): Bundle {
  return transactionOf(changesOf(result, chart, digest));
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
  const bundle = bundleOf(set());

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
    expect(component('121052')?.valueCodeableConcept).toEqual(first?.valueCodeableConcept);
    expect(first?.extension).toEqual([{ url: expect.stringMatching(/AIconfidence$/), valueDecimal: 0.912346 }]);
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
    const { resource } = only<Observation>(bundleOf(set({ findings })), 'Observation');
    expect(resource.bodySite).toMatchObject({ coding: [{ code }], text });
  });

  it('is filed under the category and the code its model was given', () => {
    const reports = { category: [concept(codes.snomed.ophthalmology)], code: concept(codes.loinc.headCt) };
    const eye = bundleOf(set({ model: { ...set().model, reports } }));
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
    expect(JSON.stringify(bundleOf(set()))).toBe(JSON.stringify(bundle));
  });

  it('lists each image with its series, and names the study by its UID and accession number', () => {
    const { resource } = only<ImagingStudy>(bundle, 'ImagingStudy');
    expect(resource.series).toHaveLength(1);
    expect(resource.series?.[0]?.instance).toHaveLength(2);
    expect(resource.identifier?.map(({ value }) => value)).toEqual([`urn:oid:${studyInstanceUid}`, 'A1']);
  });
});

describe('a newer revision over a report nobody has touched', () => {
  const before = posted(bundleOf(set()));
  const newer = set({
    study: { ...set().study, revision: 2 },
    findings: [finding(2), finding(3)],
    images: [1, 2, 3].map(image) as unknown as ResultInChart['images'],
  });
  const bundle = bundleOf(newer, before);

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
    expect(all(bundleOf(newer, { ...before, imagingStudy: pacs }), 'ImagingStudy')).toHaveLength(0);
  });
});

describe('a new generation of the report', () => {
  it('shares no identifier with the one a human has acted on', () => {
    const identifiers = (bundle: Bundle) =>
      entries(bundle)
        .filter(({ resource }) => ['Observation', 'DiagnosticReport'].includes(resource?.resourceType ?? ''))
        .map(({ request }) => request?.ifNoneExist);
    const first = identifiers(bundleOf(set()));
    const second = identifiers(bundleOf(set({ generation: 2 })));
    expect(first.filter((one) => second.includes(one))).toEqual([]);
  });
});

describe('a finding with measurements', () => {
  const measured = finding(1, {
    measurements: [
      { concept: concept(codes.dicom.certaintyOfFinding), value: 4.5, unit: { code: 'mm', display: 'mm' } },
    ],
  });
  const bundle = bundleOf(set({ findings: [measured, finding(2)] }));
  const observations = all<Observation>(bundle, 'Observation');
  const group = observations.find(({ resource }) => resource.hasMember !== undefined);

  it('is a group that holds the finding and each number, and has no value itself', () => {
    expect(group?.resource.code.coding?.[0]?.code).toBe('125007');
    expect(group?.resource.hasMember?.map(({ reference }) => reference)).toEqual(
      observations.slice(0, 2).map(({ url }) => url),
    );
    expect(Object.keys(group?.resource ?? {}).filter((key) => key.startsWith('value'))).toEqual([]);
  });

  it('has every leaf in the result of the report, and the group not', () => {
    const { result } = only<DiagnosticReport>(bundle, 'DiagnosticReport').resource;
    expect(result?.map(({ reference }) => reference)).toEqual(
      observations.filter((one) => one !== group).map(({ url }) => url),
    );
  });

  it('gives each number with its UCUM unit', () => {
    expect(observations[1]?.resource.valueQuantity).toEqual({
      value: 4.5,
      unit: 'mm',
      system: 'http://unitsofmeasure.org',
      code: 'mm',
    });
  });
});

describe('a critical finding', () => {
  const haemorrhage = (presence: Finding['presence']) =>
    only<Observation>(
      bundleOf(set({ findings: [finding(1, { concept: concept(codes.snomed.intracranialHaemorrhage), presence })] })),
      'Observation',
    ).resource.interpretation?.map(({ coding }) => coding?.[0]?.code);

  it.each([
    ['present', ['POS', 'AA']],
    ['absent', ['NEG']],
    ['not-prioritised', undefined],
  ] as const)('that is %s is interpreted as %j', (presence, wanted) => {
    expect(haemorrhage(presence)).toEqual(wanted);
  });
});

describe('a side without a code of its own', () => {
  const bundle = bundleOf(set({ findings: [finding(1, { site: concept(codes.snomed.retina), laterality: 'left' })] }));

  it('is in a BodyStructure that the site points to', () => {
    const { resource, url } = only<BodyStructure>(bundle, 'BodyStructure');
    expect(resource.locationQualifier?.[0]?.coding?.[0]?.code).toBe('7771000');
    const [extension] = only<Observation>(bundle, 'Observation').resource.bodySite?.extension ?? [];
    expect(extension).toEqual({
      url: 'http://hl7.org/fhir/StructureDefinition/bodySite',
      valueReference: { reference: url, display: 'Retinal structure, left' },
    });
  });
});

describe('what the chart knows of the order', () => {
  const bundle = bundleOf(
    set({
      orders: ['ServiceRequest/5'],
      encounter: 'Encounter/6',
      endpoint: 'Endpoint/8',
      organization: 'Organization/9',
      pdf: 'JVBERg==',
    }),
  );

  it('is on the report, each finding and the study', () => {
    for (const type of ['DiagnosticReport', 'Observation', 'ImagingStudy'] as const) {
      expect(all(bundle, type)[0]?.resource).toMatchObject({
        basedOn: [{ reference: 'ServiceRequest/5' }],
        encounter: { reference: 'Encounter/6' },
      });
    }
    expect(only<ImagingStudy>(bundle, 'ImagingStudy').resource.endpoint).toEqual([{ reference: 'Endpoint/8' }]);
  });

  it('names the organization that answers, and shows the report as a page', () => {
    expect(only<DiagnosticReport>(bundle, 'DiagnosticReport').resource).toMatchObject({
      performer: [{ reference: 'Organization/9' }],
      presentedForm: [{ contentType: 'application/pdf', data: 'JVBERg==' }],
    });
  });
});

const radiologist = { subject: 'r-1', role: 'radiologist', name: 'Dr Reader' } as const;
const at = '2026-02-03T05:00:00.000Z';
const signature = { by: radiologist, at };
const trackingUid = (n: number) => finding(n).trackingUid;

describe('a review', () => {
  const verdicts: GivenVerdict[] = [
    {
      verdict: 'corrected',
      trackingUid: trackingUid(1),
      concept: concept(codes.snomed.lungConsolidation),
      by: radiologist,
      at,
    },
    { verdict: 'rejected', trackingUid: trackingUid(2), reason: 'artefact', by: radiologist, at },
  ];
  const statuses = (result: ResultInChart) => {
    const bundle = bundleOf(result);
    return {
      report: only<DiagnosticReport>(bundle, 'DiagnosticReport').resource.status,
      findings: all<Observation>(bundle, 'Observation').map(({ resource }) => resource.status),
    };
  };

  it.each([
    ['unreviewed', true, 'partial', ['cancelled', 'preliminary', 'cancelled']],
    ['signed', true, 'final', ['cancelled', 'final', 'cancelled']],
    ['signed', false, 'partial', ['cancelled', 'final', 'cancelled']],
    ['corrected', true, 'corrected', ['cancelled', 'corrected', 'cancelled']],
    ['withdrawn', true, 'entered-in-error', ['entered-in-error', 'entered-in-error', 'entered-in-error']],
  ] as const)('of a report that is %s (the only one: %s) is %s, %j', (state, onlyReport, report, findings) => {
    expect(statuses(set({ state, onlyReport, review: { verdicts, signature } }))).toEqual({ report, findings });
  });

  it('puts what the person says in the place of what AI said, made from it and still labelled', () => {
    const bundle = bundleOf(set({ review: { verdicts } }));
    const [ai, human, rejected] = all<Observation>(bundle, 'Observation');
    expect(human?.resource).toMatchObject({
      code: { coding: [{ code: '95436008' }] },
      performer: [{ type: 'Practitioner', display: 'Dr Reader' }],
      derivedFrom: expect.arrayContaining([{ reference: ai?.url }]),
      meta: { security: [{ code: 'AIAST' }] },
    });
    expect(human?.resource.device).toBeUndefined();
    expect(human?.resource).toMatchObject({
      identifier: [{}, { system: 'urn:dicom:uid', value: `urn:oid:${trackingUid(1)}` }],
      component: [{ code: { text: 'Side' } }],
      note: [{ text: 'Lung consolidation, as corrected by a radiologist.' }],
    });
    expect(only<DiagnosticReport>(bundle, 'DiagnosticReport').resource.result).toEqual([
      { reference: human?.url },
      { reference: rejected?.url },
    ]);
  });

  it('keeps what AI said in its own words, with who answered what and when beside it', () => {
    const bundle = bundleOf(set({ review: { verdicts } }));
    const [corrected, , rejected] = all<Observation>(bundle, 'Observation').map(({ resource }) => resource.note);
    const by = { authorReference: { identifier: { value: 'r-1' }, display: 'Dr Reader' }, time: at };
    expect(corrected).toMatchObject([{ text: finding(1).sentence }, { ...by, text: /^Corrected: / }]);
    expect(rejected).toMatchObject([{ text: finding(2).sentence }, { ...by, text: 'Rejected: artefact' }]);
    const accepted: GivenVerdict = { verdict: 'accepted', trackingUid: trackingUid(1), by: radiologist, at };
    const [first, second] = all<Observation>(bundleOf(set({ review: { verdicts: [accepted] } })), 'Observation');
    expect(first?.resource.note).toMatchObject([{}, { ...by, text: 'Accepted.' }]);
    expect(second?.resource.note).toHaveLength(1);
  });

  it('signed is said by whom, and keeps the label of AI', () => {
    const { resource } = only<DiagnosticReport>(
      bundleOf(set({ state: 'signed', review: { verdicts: [], signature } })),
      'DiagnosticReport',
    );
    expect(resource).toMatchObject({
      status: 'final',
      issued: at,
      resultsInterpreter: [{ identifier: { value: 'r-1' }, display: 'Dr Reader' }],
      meta: { security: [{ code: 'AIAST' }] },
    });
    expect(resource.conclusion).toMatch(/^Found by AI .*verified by Dr Reader/);
    expect(verification('v', signature, ['DiagnosticReport/1/_history/2'])).toMatchObject({
      target: [{ reference: 'DiagnosticReport/1/_history/2' }],
      agent: [{ type: { coding: [{ code: 'verifier' }] }, who: { identifier: { value: 'r-1' } } }],
    });
  });
});

describe('a refusal of what was ordered', () => {
  const refused = set({
    state: 'refused',
    findings: [],
    refusal: { reason: concept(codes.refusals.blank), detail: 'The image shows next to nothing.' },
  });

  it('is a cancelled report with one result that has no value and says why', () => {
    const bundle = bundleOf(refused);
    const { resource } = only<Observation>(bundle, 'Observation');
    expect(resource).toMatchObject({
      status: 'cancelled',
      dataAbsentReason: { coding: [{ code: 'not-performed' }], text: expect.stringContaining('Blank image') },
    });
    expect(Object.keys(resource).filter((key) => key.startsWith('value'))).toEqual([]);
    expect(only<DiagnosticReport>(bundle, 'DiagnosticReport').resource.status).toBe('cancelled');
  });

  it('takes back the findings of the revision before', () => {
    const bundle = bundleOf({ ...refused, study: { ...refused.study, revision: 2 } }, posted(bundleOf(set())));
    expect(all<Observation>(bundle, 'Observation').map(({ resource }) => resource.status)).toEqual([
      'cancelled',
      'entered-in-error',
      'entered-in-error',
    ]);
  });
});
