import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { InferenceCompleted } from '@sightline/contracts';
import { uidFromUuid } from '@sightline/dicom';
import { readRejectionNote } from '@sightline/dicom-results';
import { openObjectStore, type ObjectStore } from '@sightline/object-store';
import { answerOnStored } from '../../../../test/conformance/stored-study.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../../../test/support/temporary-directory.ts';
import { testManifest } from '../../../../test/support/test-manifest.ts';
import { digest } from '../digest.ts';
import { resultSetOf } from '../reports/result-set-of.ts';
import type { Report } from '../reports/report-store.ts';
import { objectsOfReport } from './objects-of-report.ts';

let directory: TemporaryDirectory;
let objects: ObjectStore;
const opened: string[] = [];

beforeAll(async () => {
  directory = await temporaryDirectory('objects-of-report');
  objects = openObjectStore(pathToFileURL(directory.path).href);
  const open = objects.open.bind(objects);
  objects.open = (key) => {
    opened.push(key);
    return open(key);
  };
});
afterAll(() => directory.remove());

const options = { digest, onlyReport: true, now: '2026-02-03T05:00:00Z' };

async function make(
  answer: InferenceCompleted,
  state: Report['state'] = 'unreviewed',
  filed: Filed = [],
  review: Report['review'] = { verdicts: [] },
) {
  const { studyInstanceUid } = answer.study;
  const report: Report = {
    studyInstanceUid,
    model: 'chest-xray-paediatric',
    generation: 1,
    edition: 1,
    state,
    answer,
    review,
  };
  const set = resultSetOf(
    report,
    { manifest: testManifest({ name: 'chest-xray-paediatric' }), card: undefined },
    'UTC',
  );
  opened.length = 0;
  return objectsOfReport({ set, answer }, filed, objects, options);
}

type Filed = Parameters<typeof objectsOfReport>[1];

const filed: Filed = [
  {
    sopClassUid: '1.2.840.10008.5.1.4.1.1.88.34',
    sopInstanceUid: uidFromUuid(randomUUID()),
    seriesInstanceUid: uidFromUuid(randomUUID()),
  },
];

describe('the objects of a report', () => {
  it('are the same bytes every time', async () => {
    const answer = await answerOnStored(objects);
    const [first, second] = [await make(answer), await make(answer)];
    expect(first).toMatchObject({ kind: 'objects', reject: false });
    expect(second).toEqual(first);
  });

  it('need of a volume the first image, and those that its pictures lie on', async () => {
    const answer = await answerOnStored(objects, { images: 40 });
    if (answer.outcome.kind !== 'findings') throw new Error('no findings');
    const shown = answer.images[29]?.sopInstanceUid;
    answer.outcome.findings = answer.outcome.findings.filter(({ sources }) => sources[0]?.sopInstanceUid === shown);
    const made = await make(answer);
    expect(made).toMatchObject({ kind: 'objects' });
    expect(opened.filter((key) => key.startsWith('instances/'))).toEqual(
      [answer.images[0], answer.images[29]].map((image) => image?.objectKey),
    );
  });

  it('show a finding on its own image alone', async () => {
    const answer = await answerOnStored(objects, { images: 2 });
    if (answer.outcome.kind !== 'findings') throw new Error('no findings');
    answer.outcome.findings = answer.outcome.findings.slice(0, 1);
    expect(await make(answer)).toMatchObject({ kind: 'objects' });
    expect(opened.filter((key) => key.startsWith('artefacts/'))).toHaveLength(2);
  });

  it('of a withdrawn report need no picture, and are one note', async () => {
    const made = await make(await answerOnStored(objects), 'withdrawn', filed);
    expect(made).toMatchObject({
      kind: 'objects',
      reject: true,
      objects: [{ sopClassUid: '1.2.840.10008.5.1.4.1.1.88.59' }],
    });
    expect(opened.filter((key) => key.startsWith('artefacts/'))).toEqual([]);
  });

  it('of a report corrected until no finding stands are a note of a person’s judgement', async () => {
    const answer = await answerOnStored(objects);
    if (answer.outcome.kind !== 'findings') throw new Error('no findings');
    const [finding] = answer.outcome.findings;
    const signature = { by: { subject: 'r-1', role: 'radiologist' }, at: '2026-02-03T06:00:00Z' } as const;
    const verdict = {
      verdict: 'rejected',
      trackingUid: finding?.trackingUid ?? uidFromUuid('1'),
      reason: 'artefact',
      ...signature,
    } as const;
    const made = await make(answer, 'corrected', filed, { verdicts: [verdict], signature });
    if (made.kind === 'failed') throw new Error(made.failure.message);
    expect(made.reject).toBe(true);
    expect(made.objects.map(({ bytes }) => readRejectionNote(bytes))).toMatchObject([
      {
        kind: 'rejection-note',
        note: { reason: 'quality', instances: [{ sopInstanceUid: filed[0]?.sopInstanceUid }] },
      },
    ]);
  });

  it('of a report that says nothing are none, and a note where it said something before', async () => {
    const answer = await answerOnStored(objects);
    for (const image of answer.images) delete image.objectKey;
    expect(await make(answer, 'refused')).toEqual({ kind: 'objects', objects: [], reject: false });
    expect(await make(await answerOnStored(objects), 'refused', filed)).toMatchObject({ reject: true, objects: [{}] });
  });
});
