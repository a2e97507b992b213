import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { DiagnosticReport, Observation } from '@medplum/fhirtypes';
import { codes, concept, type Finding, type GivenVerdict } from '@sightline/findings';
import { exampleResult } from '../../../test/support/example-result.ts';
import { findingNumber } from '../../../test/support/result-in-state.ts';
import { feedbackIn, type Feedback, type ResultInChart } from './index.ts';
import { resourcesOf } from './resources-of.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const [first, second] = [findingNumber(1, { laterality: 'left' }), findingNumber(2, { presence: 'absent' })];
const measured: Finding = findingNumber(3, {
  measurements: [{ concept: concept(codes.dicom.certaintyOfFinding), value: 0.5, unit: { code: '1', display: '1' } }],
});

function set(more: Partial<ResultInChart> = {}): ResultInChart {
  return { ...exampleResult(), findings: [first, second], ...more };
}

interface Chart {
  report: DiagnosticReport;
  observations: Observation[];
}

/** A chart as we left it, each resource under an id and in its first version. */
function chartOf(told: ResultInChart): Chart {
  const ids = new Map<string, string>();
  const all = resourcesOf(told, undefined, digest).flatMap(({ fullUrl, resource }, n) => {
    if (resource.resourceType !== 'Observation' && resource.resourceType !== 'DiagnosticReport') return [];
    ids.set(fullUrl, `${resource.resourceType}/o${n}`);
    const meta = { ...resource.meta, versionId: '1', lastUpdated: '2026-02-03T05:00:00.000Z' };
    return [{ ...resource, id: `o${n}`, meta }];
  });
  const placed = JSON.parse(JSON.stringify(all), (key, value: unknown) =>
    key === 'reference' && typeof value === 'string' ? (ids.get(value) ?? value) : value,
  ) as (Observation | DiagnosticReport)[];
  const report = placed.find((one): one is DiagnosticReport => one.resourceType === 'DiagnosticReport');
  if (report === undefined) throw new Error('no report');
  return { report, observations: placed.filter((one): one is Observation => one.resourceType === 'Observation') };
}

const later = { versionId: '2', lastUpdated: '2026-02-03T06:00:00.000Z' };

/** What a person there does to one of our Observations. */
function change(chart: Chart, finding: Finding, more: Partial<Observation>, part = ''): Chart {
  const observations = chart.observations.map((one) =>
    one.identifier?.[0]?.value?.endsWith(`${finding.trackingUid}${part}`) === true
      ? { ...one, meta: later, ...more }
      : one,
  );
  return { ...chart, observations };
}

function close(chart: Chart, status: DiagnosticReport['status'], more: Partial<DiagnosticReport> = {}): Chart {
  return { ...chart, report: { ...chart.report, meta: later, status, ...more } };
}

function heard(chart: Chart, told = set(), more: Partial<Parameters<typeof feedbackIn>[1]> = {}): Feedback {
  return feedbackIn(chart, { editions: [told], statuses: ['partial'], written: {}, ...more }, 'ehr', digest);
}

const [one, two] = [first.trackingUid, second.trackingUid];
const acceptedBoth = [
  { verdict: 'accepted', trackingUid: one },
  { verdict: 'accepted', trackingUid: two },
];
const { lungConsolidation, present, absent } = codes.snomed;
const said = (code: { system: string; code: string; display: string }) => ({
  coding: [concept({ ...lungConsolidation, ...code })],
});

describe('a chart that nobody has touched', () => {
  it.each([
    ['as it was told', set()],
    ['of a report that was signed here', set({ state: 'signed' })],
    ['of one that was withdrawn', set({ state: 'withdrawn' })],
    ['with measurements', set({ findings: [measured] })],
  ])('%s says nothing', (_, told) => {
    const chart = chartOf(told);
    expect(heard(chart, told, { statuses: [chart.report.status] })).toEqual({
      whole: 'open',
      verdicts: [],
      isReportTheirs: false,
      theirs: [],
    });
  });

  it('says nothing where the server leaves out, adds and rewords', () => {
    const chart = chartOf(set());
    const observations = chart.observations.map(
      ({ component: _component, note: _note, interpretation: _interpretation, ...kept }) => ({
        ...kept,
        code: { coding: [...(kept.code.coding ?? []), { system: 'urn:own', code: 'P' }], text: 'Lungenentzündung' },
      }),
    );
    expect(heard({ ...chart, observations }).verdicts).toEqual([]);
  });

  it('says nothing with an edition that was written and never noted', () => {
    const signed = set({ state: 'signed', edition: 2 });
    const written = { editions: [set(), signed] as const, statuses: ['partial', 'final'] };
    expect(heard(chartOf(signed), set(), written)).toMatchObject({ whole: 'open', verdicts: [], theirs: [] });
  });

  it('says nothing with a version by our hand, whatever the server made of it', () => {
    const chart = change(chartOf(set()), first, { valueCodeableConcept: { text: 'yes' }, valueString: 'yes' });
    const [changed] = chart.observations.filter(({ meta }) => meta?.versionId === '2');
    expect(heard(chart).theirs).toEqual([changed?.id]);
    expect(heard(chart, set(), { written: { [`Observation/${changed?.id ?? ''}`]: '2' } }).theirs).toEqual([]);
  });
});

describe('a finding', () => {
  it.each<[string, Partial<Observation>, object | undefined]>([
    ['cancelled', { status: 'cancelled' }, { verdict: 'rejected', reason: 'cancelled in ehr' }],
    ['entered in error', { status: 'entered-in-error' }, { verdict: 'rejected', reason: 'entered in error in ehr' }],
    ['made final as it is', { status: 'final' }, { verdict: 'accepted' }],
    ['amended without a change of what it says', { status: 'amended' }, { verdict: 'accepted' }],
    ['of a status that answers nothing', { status: 'registered' }, undefined],
    [
      'of another code',
      { status: 'amended', code: said(lungConsolidation) },
      { verdict: 'corrected', concept: concept(lungConsolidation) },
    ],
    [
      'of a code that no table of ours has',
      { status: 'corrected', code: { coding: [{ system: 'urn:own', code: 'X1' }], text: 'Something else' } },
      { verdict: 'rejected', reason: 'replaced by urn:own|X1 in ehr' },
    ],
    [
      'found absent',
      { status: 'amended', valueCodeableConcept: said(absent) },
      { verdict: 'rejected', reason: 'found absent in ehr' },
    ],
    [
      'on the other side',
      { status: 'amended', bodySite: { coding: [{ system: 'urn:own', code: 'right' }] } },
      { verdict: 'corrected', concept: first.concept },
    ],
    [
      'answered in words',
      { status: 'amended', valueString: 'maybe', valueCodeableConcept: { text: 'maybe' } },
      { verdict: 'corrected', concept: first.concept },
    ],
  ])('%s', (_, more, verdict) => {
    const chart = change(chartOf(set()), first, more);
    const { verdicts, whole, theirs } = heard(chart);
    expect(whole).toBe('open');
    expect(verdicts).toEqual(verdict === undefined ? [] : [{ trackingUid: one, ...verdict }]);
    expect(theirs).toHaveLength(1);
  });

  it('that was said to be absent and is present there is that person’s', () => {
    const chart = change(chartOf(set()), second, { status: 'amended', valueCodeableConcept: said(present) });
    expect(heard(chart).verdicts).toEqual([{ verdict: 'corrected', trackingUid: two, concept: second.concept }]);
  });

  it('of which a number was changed is that person’s: the model’s numbers fall with its own words', () => {
    const told = set({ findings: [measured] });
    const chart = change(chartOf(told), measured, { valueQuantity: { value: 0.7, code: '1' } }, '/measurement-1');
    expect(heard(chart, told).verdicts).toEqual([
      { verdict: 'corrected', trackingUid: measured.trackingUid, concept: measured.concept },
    ]);
  });

  it('that was corrected here is answered by its correction', () => {
    const given: GivenVerdict = {
      verdict: 'corrected',
      trackingUid: one,
      concept: concept(lungConsolidation),
      by: { subject: 'r', role: 'radiologist' },
      at: '2026-02-03T05:00:00.000Z',
    };
    const told = set({ review: { verdicts: [given] } });
    const chart = change(chartOf(told), first, { status: 'cancelled' }, '/correction');
    expect(heard(chart, told).verdicts).toEqual([
      { verdict: 'rejected', trackingUid: one, reason: 'cancelled in ehr' },
    ]);
    expect(heard(close(chartOf(told), 'final'), told).verdicts).toEqual([
      { verdict: 'corrected', trackingUid: one, concept: concept(lungConsolidation) },
      { verdict: 'accepted', trackingUid: two },
    ]);
  });
});

describe('a report', () => {
  it.each(['final', 'amended', 'corrected', 'appended'] as const)(
    'made %s there is signed with what was left as it was',
    (status) => {
      expect(heard(close(chartOf(set()), status))).toMatchObject({
        whole: 'signed',
        isReportTheirs: true,
        verdicts: acceptedBoth,
        at: '2026-02-03T06:00:00.000Z',
      });
    },
  );

  it('amended there with a finding changed is signed with the correction', () => {
    const chart = change(chartOf(set()), first, { status: 'amended', code: said(lungConsolidation) });
    expect(heard(close(chart, 'amended')).verdicts).toEqual([
      { verdict: 'corrected', trackingUid: one, concept: concept(lungConsolidation) },
      acceptedBoth[1],
    ]);
  });

  it('cancelled there has every finding rejected', () => {
    const reason = 'report cancelled in ehr';
    expect(heard(close(chartOf(set()), 'cancelled'))).toMatchObject({
      whole: 'signed',
      verdicts: [
        { verdict: 'rejected', trackingUid: one, reason },
        { verdict: 'rejected', trackingUid: two, reason },
      ],
    });
  });

  it('entered in error there is withdrawn', () => {
    expect(heard(close(chartOf(set()), 'entered-in-error'))).toMatchObject({ whole: 'withdrawn' });
  });

  it('signed there without one of its findings has that one rejected; a server that lists none says nothing by it', () => {
    const chart = chartOf(set());
    const result = chart.report.result?.slice(1) ?? [];
    expect(heard(close(chart, 'final', { result })).verdicts).toEqual([
      { verdict: 'rejected', trackingUid: one, reason: 'left out of the report in ehr' },
      acceptedBoth[1],
    ]);
    expect(heard(close(chart, 'final', { result: [] })).verdicts).toEqual(acceptedBoth);
  });

  it.each(['preliminary', 'registered'] as const)(
    'made %s there answers nothing, and is that person’s all the same',
    (status) => {
      expect(heard(close(chartOf(set()), status))).toMatchObject({ whole: 'open', verdicts: [], isReportTheirs: true });
    },
  );
});

describe('who answered', () => {
  const signed = (resultsInterpreter: DiagnosticReport['resultsInterpreter']) =>
    heard(close(chartOf(set()), 'final', { ...(resultsInterpreter === undefined ? {} : { resultsInterpreter }) })).by;

  it('is whom the chart names', () => {
    expect(signed([{ reference: 'Practitioner/3', display: 'Dr Elsewhere' }])).toEqual({
      reference: 'Practitioner/3',
      name: 'Dr Elsewhere',
    });
  });

  it.each<[string, DiagnosticReport['resultsInterpreter']]>([
    ['nobody', undefined],
    [
      'whom we named there ourselves',
      [{ type: 'Practitioner', identifier: { system: 'https://sightline.dev/fhir/reviewer', value: 'r' } }],
    ],
    ['who is no reader', [{ reference: 'Patient/7', display: 'Zephyrine Quill' }] as never],
  ])('is not %s', (_, interpreter) => {
    expect(signed(interpreter)).toBeUndefined();
  });
});
