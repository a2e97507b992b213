import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { dicomObjectsOf, readStructuredReport, toldFindings, type StructuredReport } from '@sightline/dicom-results';
import { changesOf, transactionOf } from '@sightline/fhir';
import { codes, concept, reportStates, stateOutside, type Finding, type ResultSet } from '@sightline/findings';
import fc from 'fast-check';
import { codesInChart } from '../support/codes-in-chart.ts';
import { codesInReport } from '../support/codes-in-report.ts';
import { resultCases, sha256, type ResultCase } from '../support/dicom-results.ts';
import { tableUnder } from '../support/paper-table.ts';
import { readChart, type ChartSays } from '../support/read-chart.ts';
import { reportArbitrary, withoutModality, type GeneratedStudy } from '../support/result-set-arbitrary.ts';
import {
  findingWithout,
  inDicom,
  notInChart,
  nothing,
  notInReport,
  unsaid,
  without,
  type NotCarried,
} from './not-carried.ts';

let placed: ResultCase;
let study: GeneratedStudy;

beforeAll(async () => {
  placed = await resultCases['slices with a place']();
  const [first, second, third] = placed.set.images;
  if (first === undefined || second === undefined || third === undefined) throw new Error('three images are needed');
  study = { studyInstanceUid: placed.set.study.studyInstanceUid, images: [first, second, { ...third, frame: 7 }] };
});

const anyReport = () => fc.record({ set: reportArbitrary(study), onlyReport: fc.boolean() });
const runs = { numRuns: 100 };

function bundleOf(set: ResultSet, onlyReport: boolean) {
  const inChart = { ...set, patient: 'Patient/7', orders: [], onlyReport };
  return transactionOf(changesOf(inChart, { observations: [] }, sha256));
}

/** The structured report's bytes, or nothing where no finding stands. */
function documentOf(set: ResultSet, onlyReport: boolean): Uint8Array | undefined {
  const options = { digest: sha256, onlyReport, now: '2026-11-28T12:00:00Z' };
  const made = dicomObjectsOf(set, placed.sources, [], [], options);
  if (made.kind === 'invalid') throw new Error(made.reason);
  return made.structuredReport?.bytes;
}

function inChart(set: ResultSet, onlyReport: boolean): ChartSays {
  return readChart(bundleOf(set, onlyReport));
}

function inReport(set: ResultSet, onlyReport: boolean): StructuredReport | undefined {
  const bytes = documentOf(set, onlyReport);
  if (bytes === undefined) return undefined;
  const read = readStructuredReport(bytes);
  if (read.kind === 'invalid') throw new Error(read.reason);
  return read.report;
}

/** The result that a structured report was made from, as far as it says. */
function resultOf(report: StructuredReport): ResultSet {
  const { verification, signature, findings, images, model } = report;
  const person = (name: string) => ({ subject: '', role: 'radiologist' as const, name });
  const byModel = findings.find(({ by }) => by === 'model');
  return {
    study: { studyInstanceUid: report.studyInstanceUid, revision: 0, patient: {}, modalities: [] },
    model: {
      ...(model ?? { name: '', version: '', sha256: '' }),
      title: '',
      intendedUse: '',
      reports: { category: [], code: nothing },
    },
    images,
    findings: findings.map((told): Finding => {
      if (told.by === 'model') return told.finding;
      const { observer: _, ...finding } = told.finding;
      return unsaid(finding);
    }),
    completedAt: byModel?.at ?? '',
    generation: 0,
    edition: report.edition,
    state: verification === 'VERIFIED' ? 'signed' : 'unreviewed',
    review: {
      verdicts: findings.flatMap(({ by, at, finding }) =>
        by === 'person'
          ? [
              {
                verdict: 'corrected',
                trackingUid: finding.trackingUid,
                concept: finding.concept,
                by: person(finding.observer),
                at,
              },
            ]
          : [],
      ),
      ...(signature && { signature: { by: person(signature.name), at: signature.at } }),
    },
  };
}

describe('what the chart says and what the structured report says', () => {
  it('are the same findings: codes, answers, numbers, sites and sides, images, by whom and when', () => {
    fc.assert(
      fc.property(anyReport(), ({ set, onlyReport }) => {
        const told = inChart(set, onlyReport).told.map((one) =>
          one.by === 'model' ? one : { ...one, finding: { ...one.finding, observer: inDicom(one.finding.observer) } },
        );
        const findings = inReport(set, onlyReport)?.findings ?? [];
        expect(told).toEqual(findings.map((one) => ({ ...one, finding: findingWithout(notInChart, one.finding) })));
      }),
      runs,
    );
  });

  it('are said in the same codes, as they stand in both', () => {
    fc.assert(
      fc.property(anyReport(), ({ set, onlyReport }) => {
        const document = documentOf(set, onlyReport);
        const inReport = document === undefined ? new Map<string, string[]>() : codesInReport(document);
        expect(codesInChart(bundleOf(set, onlyReport))).toEqual(inReport);
      }),
      runs,
    );
  });

  it('are of the same study and model, in the same state by the one table, signed by the same person at the same time', () => {
    fc.assert(
      fc.property(anyReport(), (given) => {
        const { set, onlyReport } = inChart(given.set, given.onlyReport);
        const report = inReport(given.set, given.onlyReport);
        if (report === undefined) return;
        const { study, model, state, review } = set;
        const { signature } = review;
        const outside = stateOutside(state, { onlyReport });
        expect(report).toMatchObject({
          studyInstanceUid: study.studyInstanceUid,
          verification: outside.structuredReport,
          preliminary: !['final', 'corrected'].includes(outside.diagnosticReport),
        });
        if (report.model) expect(model).toMatchObject(report.model);
        expect(report.signature).toEqual(
          signature && {
            name: inDicom(signature.by.name ?? signature.by.subject),
            organization: 'Hospital',
            at: signature.at,
          },
        );
      }),
      runs,
    );
  });

  it.each(reportStates)('stand together or not at all: %s', (state) => {
    const { set } = placed;
    const signature = { by: { subject: 'r-1', role: 'radiologist' } as const, at: '2026-11-28T11:00:00.000Z' };
    const refusal = { reason: concept(codes.refusals.blank), detail: 'Nothing to see.' };
    const one: ResultSet = {
      ...set,
      state,
      review: { verdicts: [], signature },
      ...(state === 'refused' && { findings: [], refusal }),
    };
    const { diagnosticReport, structuredReport } = stateOutside(state, { onlyReport: true });
    const [report] = (bundleOf(one, true).entry ?? []).flatMap(({ resource }) =>
      resource?.resourceType === 'DiagnosticReport' ? [resource] : [],
    );
    expect(report?.status).toBe(diagnosticReport);
    const stands = ['partial', 'final', 'corrected'].includes(diagnosticReport);
    expect(structuredReport === 'UNVERIFIED' || structuredReport === 'VERIFIED').toBe(stands);
    expect(documentOf(one, true) !== undefined).toBe(stands);
  });
});

describe('the result read back from', () => {
  it('the chart is what it was made from, and gives the same structured report, but for what a chart does not carry', () => {
    fc.assert(
      fc.property(anyReport(), ({ set, onlyReport }) => {
        const read = inChart(set, onlyReport).set;
        const left = without(notInChart, set);
        expect(without(notInChart, read)).toEqual(left);
        expect(toldFindings(read)).toEqual(toldFindings(left));
        expect(documentOf(read, onlyReport)).toEqual(documentOf(left, onlyReport));
      }),
      runs,
    );
  });

  it('the structured report is what it was made from, and gives the same resources, but for what a document does not carry', () => {
    fc.assert(
      fc.property(anyReport(), ({ set, onlyReport }) => {
        const report = inReport(set, onlyReport);
        if (report === undefined) return;
        const read = without(notInReport, resultOf(report));
        const left = without(notInReport, set);
        expect(read).toEqual(left);
        expect(bundleOf(read, onlyReport)).toEqual(bundleOf(left, onlyReport));
      }),
      runs,
    );
  });
});

describe('what is not carried', () => {
  const both = [
    ['the chart', notInChart, (set: ResultSet) => inChart(set, true).set],
    ['the structured report', notInReport, (set: ResultSet) => resultOf(inReport(set, true) ?? fail())],
  ] as const;
  const rows = both.flatMap(([encoding, list, read]) =>
    list.map((entry): [string, string, NotCarried, readonly NotCarried[], (set: ResultSet) => ResultSet] => [
      encoding,
      entry.what,
      entry,
      list,
      read,
    ]),
  );

  function fail(): never {
    throw new Error('no document');
  }

  it.each(rows)('by %s: %s is on the list because it does get lost', (_encoding, _what, entry, list, read) => {
    const others = list.filter((one) => one !== entry);
    const everything = reportWithEverything();
    expect(without(others, read(everything))).not.toEqual(without(others, everything));
    expect(without(list, read(everything))).toEqual(without(list, everything));
  });

  it('is what the conformance statement says', async () => {
    const paper = await readFile(join(import.meta.dirname, '../../docs/conformance/dicom.md'), 'utf8');
    const said = tableUnder(paper, '## Beside the chart');
    expect(said).toEqual(both.flatMap(([encoding, list]) => list.map(({ what, why }) => [encoding, what, why])));
  });
});

/** A report in which all that may get lost is there. */
function reportWithEverything(): ResultSet {
  const [first, second] = placed.set.findings;
  if (first === undefined || second === undefined) throw new Error('two findings are needed');
  const by = { subject: 'c-1', role: 'clinician', name: 'Zoë^Müller' } as const;
  const at = '2026-11-28T11:00:00.000Z';
  const findings: Finding[] = [
    {
      ...first,
      concept: { ...first.concept, display: 'Appearances '.repeat(8) },
      certainty: { probability: 0.123456789, threshold: 0.1 },
      sources: study.images.slice(2).map(withoutModality),
    },
    second,
    { ...second, trackingUid: study.images[0]?.sopInstanceUid ?? second.trackingUid },
  ];
  const [accepted, rejected, corrected] = findings.map(({ trackingUid }) => ({ trackingUid, by, at }));
  if (accepted === undefined || rejected === undefined || corrected === undefined) throw new Error('three findings');
  return {
    ...placed.set,
    images: study.images,
    study: { ...placed.set.study, revision: 4 },
    findings,
    generation: 2,
    edition: 3,
    state: 'corrected',
    review: {
      verdicts: [
        { verdict: 'accepted', ...accepted },
        { verdict: 'rejected', reason: 'motion', ...rejected },
        { verdict: 'corrected', concept: concept(codes.snomed.lungConsolidation), ...corrected },
      ],
      signature: { by, at },
    },
  };
}
