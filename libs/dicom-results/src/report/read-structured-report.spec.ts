import { beforeAll, describe, expect, it } from '@jest/globals';
import { encodePart10, itemsOf, readDataset, uidFromUuid, type WritableDataset } from '@sightline/dicom';
import { codes, type GivenVerdict, type ResultSet } from '@sightline/findings';
import fc from 'fast-check';
import { resultCases, reviewedStates, sha256, type ResultCase } from '../../../../test/support/dicom-results.ts';
import { resultSetArbitrary, reviewedSetArbitrary } from '../../../../test/support/result-set-arbitrary.ts';
import { dicomObjectsOf, type FiledObject } from '../dicom-objects-of.ts';
import { readStructuredReport, type StructuredReport } from './read-structured-report.ts';
import { toldFindings } from './told-finding.ts';

let placed: ResultCase;

beforeAll(async () => {
  placed = await resultCases['slices with a place']();
});

/** The study and the images that results are generated about. */
const generated = () => ({
  studyInstanceUid: placed.set.study.studyInstanceUid,
  images: [...placed.set.images.slice(0, 2), ...placed.set.images.slice(2, 3).map((image) => ({ ...image, frame: 7 }))],
});

function bytesOf(set: ResultSet, { onlyReport = true, filed = [] as FiledObject[] } = {}): Uint8Array | undefined {
  const options = { digest: sha256, onlyReport, now: '2026-11-28T12:00:00Z' };
  const made = dicomObjectsOf(set, placed.sources, [], filed, options);
  if (made.kind === 'invalid') throw new Error(made.reason);
  return made.structuredReport?.bytes;
}

function reread(set: ResultSet, options: Parameters<typeof bytesOf>[1] = {}): StructuredReport {
  const read = readStructuredReport(bytesOf(set, options) ?? Buffer.alloc(0));
  if (read.kind === 'invalid') throw new Error(read.reason);
  return read.report;
}

describe('a structured report', () => {
  it('read back says the same findings of the same model, to the bit and in order', () => {
    fc.assert(
      fc.property(resultSetArbitrary(generated()), (set) => {
        const { findings, model } = reread(set);
        expect(findings).toEqual(set.findings.map((finding) => ({ by: 'model', at: set.completedAt, finding })));
        expect(model).toEqual({ name: set.model.name, version: set.model.version, sha256: set.model.sha256 });
      }),
      { numRuns: 200 },
    );
  });

  it('tells what people left standing: no rejected finding, a corrected one as the person said it', () => {
    fc.assert(
      fc.property(reviewedSetArbitrary(generated()), (set) => {
        const told = toldFindings(set);
        if (told.length === 0) expect(bytesOf(set)).toBeUndefined();
        else expect(reread(set).findings).toEqual(told);
      }),
      { numRuns: 200 },
    );
  });

  it('is the same to the byte for the same result', () => {
    fc.assert(
      fc.property(reviewedSetArbitrary(generated()), (set) => {
        expect(bytesOf(structuredClone(set))).toEqual(bytesOf(set));
      }),
      { numRuns: 30 },
    );
  });

  it('is another object only where it says something else: an accepted finding is told as before, a corrected one is not', () => {
    const [first] = placed.set.findings;
    if (first === undefined) throw new Error('no finding');
    const given = {
      trackingUid: first.trackingUid,
      by: { subject: 'r-1', role: 'radiologist' },
      at: '2026-11-28T11:00:00Z',
    } as const;
    const uidWith = (...verdicts: GivenVerdict[]) => reread({ ...placed.set, review: { verdicts } }).sopInstanceUid;
    expect(uidWith({ verdict: 'accepted', ...given })).toBe(uidWith());
    const concept = codes.snomed.lungConsolidation;
    expect(uidWith({ verdict: 'corrected', concept, ...given })).not.toBe(uidWith());
  });

  it('names the examination as the images code it, and never the algorithm', async () => {
    expect(reread(placed.set).procedure).toEqual({ system: '99HOSPITAL', code: 'CTHEAD', display: 'CT of the head' });
    const { set, sources } = await resultCases['a radiograph']();
    const made = dicomObjectsOf(set, sources, [], [], { digest: sha256, onlyReport: true, now: set.completedAt });
    const read = made.kind === 'objects' && made.structuredReport && readStructuredReport(made.structuredReport.bytes);
    expect(read).toMatchObject({ report: { procedure: { code: codes.loinc.chestXray.code } } });
  });

  it('lists every instance it points at as evidence, each once, in its series', () => {
    const { evidence } = reread(placed.set);
    const expected = placed.set.images.map(({ seriesInstanceUid, sopClassUid, sopInstanceUid }) => ({
      studyInstanceUid: placed.set.study.studyInstanceUid,
      seriesInstanceUid,
      sopClassUid,
      sopInstanceUid,
    }));
    expect(evidence).toEqual(expected);
  });
});

describe("a report's state", () => {
  it('is UNVERIFIED and preliminary while nobody has signed', () => {
    const { verification, preliminary, signature, predecessor } = reread(placed.set);
    expect({ verification, preliminary, signature, predecessor }).toEqual({
      verification: 'UNVERIFIED',
      preliminary: true,
    });
  });

  it('is a new VERIFIED document once signed: who, when, and the one before', () => {
    const before = {
      sopClassUid: '1.2.840.10008.5.1.4.1.1.88.34',
      seriesInstanceUid: uidFromUuid('1'),
      sopInstanceUid: uidFromUuid('2'),
    };
    const later = { ...before, sopInstanceUid: uidFromUuid('3') };
    const map = { ...before, sopClassUid: '1.2.840.10008.5.1.4.1.1.30', sopInstanceUid: uidFromUuid('4') };
    const signed = reviewedStates(placed.set)['signed']?.set ?? placed.set;
    expect(reread(signed, { filed: [before, later, map] })).toMatchObject({
      verification: 'VERIFIED',
      preliminary: false,
      signature: { name: 'Zoë Müller', organization: 'Hospital', at: '2026-11-28T11:00:00.000Z' },
      predecessor: later.sopInstanceUid,
    });
  });

  it('names the one before in the series where it lies, be that of another model version', () => {
    const before = {
      sopClassUid: '1.2.840.10008.5.1.4.1.1.88.34',
      seriesInstanceUid: uidFromUuid('1'),
      sopInstanceUid: uidFromUuid('2'),
    };
    const read = readDataset(bytesOf(placed.set, { filed: [before] }) ?? new Uint8Array());
    expect(read).toMatchObject({
      dataset: {
        PredecessorDocumentsSequence: [{ ReferencedSeriesSequence: [{ SeriesInstanceUID: before.seriesInstanceUid }] }],
      },
    });
  });

  it('keeps when the model said a finding, and when a person corrected it, however late it is signed', () => {
    const corrected = reviewedStates(placed.set)['signed with a finding corrected']?.set ?? placed.set;
    const [verdict] = corrected.review.verdicts;
    const signed: ResultSet = {
      ...corrected,
      review: {
        verdicts: corrected.review.verdicts.map((one) => ({ ...one, at: '2026-11-28T10:50:00.000Z' })),
        ...(verdict && { signature: { by: verdict.by, at: '2026-11-29T08:00:00.000Z' } }),
      },
    };
    expect(reread(signed)).toMatchObject({
      signature: { at: '2026-11-29T08:00:00.000Z' },
      findings: [
        { by: 'model', at: placed.set.completedAt },
        { by: 'person', at: '2026-11-28T10:50:00.000Z' },
      ],
    });
  });

  it('stays preliminary beside the report of a radiologist', () => {
    const signed = reviewedStates(placed.set)['signed']?.set ?? placed.set;
    expect(reread(signed, { onlyReport: false })).toMatchObject({ verification: 'VERIFIED', preliminary: true });
  });

  it('is never verified without a signature', () => {
    const unsigned: ResultSet = { ...placed.set, state: 'signed' };
    expect(() => bytesOf(unsigned)).toThrow('a signed report without its signature');
  });
});

describe('what is refused', () => {
  function dataset(change: (dataset: WritableDataset) => WritableDataset): Uint8Array {
    const read = readDataset(bytesOf(placed.set) ?? Buffer.alloc(0));
    if (read.kind === 'invalid') throw new Error(read.reason);
    return encodePart10({ ...read.dataset, ...change(read.dataset) });
  }

  it.each([
    ['another kind of object', () => ({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.33' }), 'not a Comprehensive 3D SR'],
    ['another document', () => ({ ConceptNameCodeSequence: [] }), 'not an Imaging Measurement Report'],
    ['a document that nobody can place', () => ({ VerificationFlag: '' }), 'does not say what it is about'],
    [
      'a finding without its images',
      () => ({ CurrentRequestedProcedureEvidenceSequence: [] }),
      'sources.0.seriesInstanceUid',
    ],
  ])('%s', (_what, change: () => WritableDataset, reason) => {
    expect(readStructuredReport(dataset(change))).toEqual({ kind: 'invalid', reason: expect.stringContaining(reason) });
  });

  it('a finding without its sentence, by what it lacks and without its text', () => {
    const change = (whole: WritableDataset): WritableDataset => ({
      ContentSequence: itemsOf(whole, 'ContentSequence').map((item) => ({
        ...item,
        ContentSequence: itemsOf(item, 'ContentSequence').map((group) => ({
          ...group,
          ContentSequence: itemsOf(group, 'ContentSequence').filter(
            (below) => itemsOf(below, 'ConceptNameCodeSequence')[0]?.CodeValue !== codes.dicom.comment.code,
          ),
        })),
      })),
    });
    expect(readStructuredReport(dataset(change))).toEqual({
      kind: 'invalid',
      reason: 'a measurement group that is no finding: sentence',
    });
  });

  it('bytes that are cut off anywhere', () => {
    const whole = bytesOf(placed.set) ?? Buffer.alloc(0);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        expect(readStructuredReport(whole.subarray(0, length))).toMatchObject({ kind: 'invalid' });
      }),
    );
  });
});
