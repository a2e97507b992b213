import { beforeAll, describe, expect, it } from '@jest/globals';
import { itemsOf, readDataset, textOf, uidFromUuid, type WritableDataset } from '@sightline/dicom';
import { absentInDicom, checkedCode, reportStates, stateOutside, type ReportState } from '@sightline/findings';
import { resultCases, reviewedStates, sha256, type ResultCase } from '../../../test/support/dicom-results.ts';
import { codeIn, schemesIn } from './coding-schemes.ts';
import { dicomObjectsOf, type DicomObjects, type FiledObject } from './dicom-objects-of.ts';
import { readRejectionNote } from './key-objects/read-rejection-note.ts';

const options = { digest: sha256, onlyReport: true, now: '2026-11-28T12:00:00Z' };

let result: ResultCase;

beforeAll(async () => {
  result = await resultCases['slices with a place']();
});

type Given = Partial<ResultCase> & { filed?: readonly FiledObject[] } & Partial<typeof options> & {
    withdrawnBecause?: 'wrong-worklist-entry';
  };

function objectsOf({
  set = result.set,
  sources = result.sources,
  pictures = result.pictures,
  filed = [],
  ...rest
}: Given = {}) {
  return dicomObjectsOf(set, sources, pictures, filed, { ...options, ...rest });
}

function made(given: Given = {}): DicomObjects {
  const objects = objectsOf(given);
  if (objects.kind === 'invalid') throw new Error(objects.reason);
  return objects;
}

function allOf({ structuredReport, segmentations, parametricMaps, secondaryCaptures, keyObjects }: DicomObjects) {
  const report = structuredReport === undefined ? [] : [structuredReport];
  return [...report, ...segmentations, ...parametricMaps, ...secondaryCaptures, ...keyObjects];
}

function datasetOf(bytes: Uint8Array | undefined): WritableDataset {
  const read = readDataset(bytes ?? new Uint8Array());
  if (read.kind === 'invalid') throw new Error(read.reason);
  return read.dataset;
}

describe('the objects of a result', () => {
  it('are the same to the byte for the same result, whenever they are made', () => {
    const later = made({ set: structuredClone(result.set), now: '2027-01-01T00:00:00Z' });
    expect(allOf(later)).toEqual(allOf(made()));
  });

  it('have UIDs of their own, and those with pixels keep theirs whatever people say', () => {
    const first = made();
    const uids = allOf(first).map(({ sopInstanceUid }) => sopInstanceUid);
    expect(new Set(uids).size).toBe(uids.length);
    const signed = reviewedStates(result.set)['signed']?.set;
    const second = made({ ...(signed && { set: signed }) });
    expect(second.segmentations).toEqual(first.segmentations);
    expect(second.parametricMaps).toEqual(first.parametricMaps);
    expect(second.keyObjects).toEqual(first.keyObjects);
    expect(second.structuredReport?.sopInstanceUid).not.toBe(first.structuredReport?.sopInstanceUid);
    expect(second.structuredReport?.seriesInstanceUid).toBe(first.structuredReport?.seriesInstanceUid);
  });

  it('of another generation, or of another version of the model, are others in series of their own', () => {
    const uids = (set: ResultCase['set']) =>
      allOf(made({ set })).flatMap((one) => [one.sopInstanceUid, one.seriesInstanceUid]);
    const first = uids(result.set);
    const model = { ...result.set.model, version: '1.0.1' };
    for (const other of [
      { ...result.set, generation: 2 },
      { ...result.set, model },
    ])
      expect(uids(other).filter((uid) => first.includes(uid))).toEqual([]);
  });

  it('are said by the device: the mesh, by a UID of the model version', () => {
    const observer = (set: ResultCase['set']) =>
      itemsOf(datasetOf(made({ set }).structuredReport?.bytes), 'ContentSequence')
        .slice(0, 5)
        .map((item) => item.UID ?? item.TextValue ?? itemsOf(item, 'ConceptCodeSequence')[0]?.CodeValue);
    const [type, uid, ...names] = observer(result.set);
    expect([type, names]).toEqual(['121007', ['Sightline', 'Sightline', 'Sightline Mesh']]);
    expect(observer({ ...result.set, generation: 2 })[1]).toBe(uid);
    expect(observer({ ...result.set, model: { ...result.set.model, version: '1.0.1' } })[1]).not.toBe(uid);
  });

  it('lie in series of one modality each', () => {
    const modalities = new Map<string, Set<string>>();
    for (const { seriesInstanceUid, bytes } of allOf(made())) {
      const known = modalities.get(seriesInstanceUid) ?? new Set();
      modalities.set(seriesInstanceUid, known.add(textOf(datasetOf(bytes), 'Modality') ?? ''));
    }
    expect([...modalities.values()].map((one) => [...one])).toEqual([['SR'], ['SEG'], ['CT'], ['OT'], ['KO']]);
  });

  it('show nothing of a finding that a person rejected or corrected', () => {
    for (const state of ['corrected by a finding rejected', 'signed with a finding corrected']) {
      const reviewed = reviewedStates(result.set)[state];
      const objects = made({ ...(reviewed && { set: reviewed.set }) });
      expect(objects.segmentations).toHaveLength(2);
      expect(objects.parametricMaps).toHaveLength(1);
    }
  });

  it('identify the private coding schemes they use, and no other', () => {
    const { structuredReport, segmentations } = made();
    const named = (bytes: Uint8Array | undefined) =>
      itemsOf(datasetOf(bytes), 'CodingSchemeIdentificationSequence').map((item) => item.CodingSchemeDesignator);
    expect(named(structuredReport?.bytes)).toEqual(['99SL_COMPONENT', '99SL_PRESENCE']);
    expect(named(segmentations[0]?.bytes)).toEqual([]);
  });

  it('list each instance that was read once, whatever frames of it were', async () => {
    const frames = await resultCases['frames of one object']();
    const dataset = datasetOf(made(frames).structuredReport?.bytes);
    const library = itemsOf(dataset, 'ContentSequence').flatMap((item) =>
      itemsOf(item, 'ContentSequence').flatMap((group) => itemsOf(group, 'ContentSequence')),
    );
    const listed = library.filter((item) => item.ValueType === 'IMAGE' && item.ConceptNameCodeSequence === undefined);
    expect(frames.set.images).toHaveLength(6);
    expect(listed).toHaveLength(1);
  });

  it('say what is in their text as ASCII, or as UTF-8 by name', async () => {
    const { segmentations } = made(await resultCases['a radiograph']());
    expect(textOf(datasetOf(segmentations[0]?.bytes), 'SpecificCharacterSet')).toBeUndefined();
    const { structuredReport, parametricMaps } = made();
    expect(textOf(datasetOf(structuredReport?.bytes), 'SpecificCharacterSet')).toBe('ISO_IR 192');
    expect(textOf(datasetOf(parametricMaps[0]?.bytes), 'PatientName')).toBe('Größe^Phantom');
  });

  it('give the time of the result in the zone of the study, and state it', () => {
    const dataset = datasetOf(made().structuredReport?.bytes);
    expect([dataset.ContentDate, dataset.ContentTime, dataset.TimezoneOffsetFromUTC]).toEqual([
      '20261128',
      '112030.456',
      '+0100',
    ]);
  });

  it('name the request that the images answer', () => {
    const [request] = itemsOf(datasetOf(made().structuredReport?.bytes), 'ReferencedRequestSequence');
    expect(request).toMatchObject({ AccessionNumber: 'A7', RequestedProcedureID: 'R7' });
  });

  it('emit no code that nobody checked', () => {
    for (const { bytes } of allOf(made())) {
      const dataset = datasetOf(bytes);
      const schemes = schemesIn(dataset);
      const unchecked = codesIn(dataset).flatMap((item) => {
        const said = codeIn(item, schemes);
        if (said === undefined) return ['a code without its parts'];
        const known = said.code === absentInDicom.code ? absentInDicom : checkedCode(said.system, said.code);
        return known?.display === said.display ? [] : [said.code];
      });
      // What the images coded, and the measurement and units of this test, are none of ours.
      const foreign = ['CTHEAD', '81827009', 'mm'];
      expect(unchecked.filter((code) => !foreign.includes(code))).toEqual([]);
    }
  });
});

/** Every code of a data set, at any depth. */
function codesIn(dataset: WritableDataset): WritableDataset[] {
  const below = (Object.keys(dataset) as (keyof WritableDataset)[]).flatMap((keyword) =>
    itemsOf(dataset, keyword).flatMap(codesIn),
  );
  return dataset.CodeMeaning === undefined ? below : [dataset, ...below];
}

describe("a report's state decides what there is", () => {
  const report = {
    sopClassUid: '1.2.840.10008.5.1.4.1.1.88.34',
    seriesInstanceUid: uidFromUuid('1'),
    sopInstanceUid: uidFromUuid('2'),
  };
  const map = {
    sopClassUid: '1.2.840.10008.5.1.4.1.1.30',
    seriesInstanceUid: uidFromUuid('3'),
    sopInstanceUid: uidFromUuid('4'),
  };
  const signature = { by: { subject: 'r-1', role: 'radiologist' }, at: '2026-11-28T11:00:00Z' } as const;

  function inState(state: ReportState, given: Given = {}): DicomObjects {
    const review = { verdicts: [], ...(state !== 'unreviewed' && { signature }) };
    return made({ set: { ...result.set, state, review }, filed: [report, map], ...given });
  }

  it.each([...reportStates])('%s', (state) => {
    const { structuredReport, segmentations, keyObjects } = inState(state);
    const told = stateOutside(state, options).structuredReport;
    const hasReport = told === 'UNVERIFIED' || told === 'VERIFIED';
    expect({ report: structuredReport !== undefined, pictures: segmentations.length > 0 }).toEqual({
      report: hasReport,
      pictures: hasReport,
    });
    expect(keyObjects).toHaveLength(told === 'none' ? 0 : 1);
  });

  it.each([
    ['rejected', {}, 'quality', '20261128120000.000'],
    ['withdrawn', {}, 'patient-safety', '20261128130000.000'],
    ['withdrawn', { withdrawnBecause: 'wrong-worklist-entry' }, 'wrong-worklist-entry', '20261128130000.000'],
  ] as const)('%s %j takes back all that was filed, for %s', (state, given, reason, at) => {
    const [note] = inState(state, given).keyObjects;
    const read = readRejectionNote(note?.bytes ?? new Uint8Array());
    expect(read).toMatchObject({ kind: 'rejection-note', note: { reason } });
    const named = read.kind === 'rejection-note' ? read.note.instances : [];
    expect(named.map(({ sopInstanceUid }) => sopInstanceUid)).toEqual([report.sopInstanceUid, map.sopInstanceUid]);
    const dataset = datasetOf(note?.bytes);
    expect(`${textOf(dataset, 'ContentDate')}${textOf(dataset, 'ContentTime')}`).toBe(at);
  });

  it('takes nothing back where nothing was filed', () => {
    expect(allOf(inState('withdrawn', { filed: [] }))).toEqual([]);
  });
});

describe('what cannot be said is refused with a reason', () => {
  it('without an image of the study', () => {
    const elsewhere = result.sources.map((source) => ({
      ...source,
      header: { ...source.header, studyInstanceUid: uidFromUuid('8') },
    }));
    for (const sources of [[], elsewhere])
      expect(objectsOf({ sources })).toEqual({ kind: 'invalid', reason: 'no image of the study is given' });
  });

  it.each([
    [
      'on an image that is not given',
      { source: { sopInstanceUid: uidFromUuid('9') } },
      'the image it was drawn on is not given',
    ],
    ['of a finding that is none', { findingKey: 'third' }, 'there is no such finding on that image'],
    ['of too few values', { values: new Uint8Array(3) }, 'its values do not fill it'],
    [
      'of another size than its image',
      { width: 2, height: 1, values: new Uint8Array(2) },
      'its size is not that of the image',
    ],
  ])('a region %s', (_what, change: object, reason) => {
    const [region] = result.pictures;
    const changed =
      'source' in change
        ? { ...region, source: { ...region?.source, ...(change.source as object) } }
        : { ...region, ...change };
    expect(objectsOf({ pictures: [changed as ResultCase['pictures'][number]] })).toEqual({
      kind: 'invalid',
      reason: expect.stringMatching(new RegExp(`^region of (first|third): ${reason}$`)),
    });
  });
});
