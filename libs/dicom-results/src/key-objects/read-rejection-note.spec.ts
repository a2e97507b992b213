import { describe, expect, it } from '@jest/globals';
import { encodePart10, type WritableDataset } from '@sightline/dicom';
import fc from 'fast-check';
import { resultCases, sha256 } from '../../../../test/support/dicom-results.ts';
import { dicomObjectsOf } from '../dicom-objects-of.ts';
import { readRejectionNote } from './read-rejection-note.ts';

const image = { sopClassUid: '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid: '1.2.3.4' };
const document = { sopClassUid: '1.2.840.10008.5.1.4.1.1.88.34', sopInstanceUid: '1.2.3.5' };

const reference = ({ sopClassUid, sopInstanceUid }: typeof image): WritableDataset => ({
  ReferencedSOPClassUID: sopClassUid,
  ReferencedSOPInstanceUID: sopInstanceUid,
});

/** A note as a PACS of another maker writes it. */
function note(code: string, change: WritableDataset = {}): Uint8Array {
  return encodePart10({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.59',
    SOPInstanceUID: '1.2.3.9',
    StudyInstanceUID: '1.2.3',
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: [{ CodeValue: code, CodingSchemeDesignator: 'DCM', CodeMeaning: 'Some title' }],
    CurrentRequestedProcedureEvidenceSequence: [
      {
        StudyInstanceUID: '1.2.3',
        ReferencedSeriesSequence: [
          { SeriesInstanceUID: '1.2.3.1', ReferencedSOPSequence: [reference(image)] },
          { SeriesInstanceUID: '1.2.3.2', ReferencedSOPSequence: [reference(document)] },
        ],
      },
    ],
    ContentSequence: [
      { RelationshipType: 'CONTAINS', ValueType: 'IMAGE', ReferencedSOPSequence: [reference(image)] },
      { RelationshipType: 'CONTAINS', ValueType: 'COMPOSITE', ReferencedSOPSequence: [reference(document)] },
    ],
    ...change,
  });
}

describe('a rejection note from outside', () => {
  it.each([
    ['113001', 'quality'],
    ['113037', 'patient-safety'],
    ['113038', 'wrong-worklist-entry'],
  ])('titled %s says %s and which instances, where they lie', (code, reason) => {
    const system = 'http://dicom.nema.org/resources/ontology/DCM';
    expect(readRejectionNote(note(code))).toEqual({
      kind: 'rejection-note',
      note: {
        title: { system, code, display: 'Some title' },
        reason,
        instances: [
          { studyInstanceUid: '1.2.3', seriesInstanceUid: '1.2.3.1', ...image },
          { studyInstanceUid: '1.2.3', seriesInstanceUid: '1.2.3.2', ...document },
        ],
      },
    });
  });

  it('is none where the selection has another purpose, whatever the number means elsewhere', () => {
    expect(readRejectionNote(note('113000'))).toMatchObject({ kind: 'no-rejection', title: { code: '113000' } });
    const elsewhere = { CodeValue: '113001', CodingSchemeDesignator: '99X', CodeMeaning: 'Keep' };
    expect(readRejectionNote(note('113001', { ConceptNameCodeSequence: [elsewhere] }))).toMatchObject({
      kind: 'no-rejection',
    });
  });

  it.each([
    [
      'that does not say where an instance lies',
      { CurrentRequestedProcedureEvidenceSequence: [] },
      'study and series are not named',
    ],
    ['that names nothing', { ContentSequence: [] }, 'names no instance'],
    ['without a title', { ConceptNameCodeSequence: [] }, 'without a title'],
    ['of another class', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.11' }, 'not a Key Object Selection'],
  ])('%s is refused', (_what, change, reason) => {
    expect(readRejectionNote(note('113001', change))).toEqual({
      kind: 'invalid',
      reason: expect.stringContaining(reason),
    });
  });

  it('that is cut off anywhere is refused', () => {
    const whole = note('113037');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        expect(readRejectionNote(whole.subarray(0, length))).toMatchObject({ kind: 'invalid' });
      }),
    );
  });
});

describe('key images', () => {
  it('are those on which something is present; where nothing is, none are selected', async () => {
    const { set, sources } = await resultCases['slices with a place']();
    const absent = { ...set, findings: set.findings.map((finding) => ({ ...finding, presence: 'absent' as const })) };
    const options = { digest: sha256, onlyReport: true, now: set.completedAt };
    expect(dicomObjectsOf(absent, sources, [], [], options)).toMatchObject({ keyObjects: [] });
    const selected = dicomObjectsOf(set, sources, [], [], options);
    const [object] = selected.kind === 'objects' ? selected.keyObjects : [];
    expect(readRejectionNote(object?.bytes ?? new Uint8Array())).toMatchObject({
      kind: 'no-rejection',
      title: { display: 'Of Interest' },
    });
  });
});
