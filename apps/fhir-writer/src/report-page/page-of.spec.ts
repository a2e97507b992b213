import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inferenceCompletedSchema } from '@sightline/contracts';
import { openObjectStore } from '@sightline/object-store';
import { createLogger } from '@sightline/platform';
import { readPdf } from '../../../../test/support/read-pdf.ts';
import { findingNumber, resultInState } from '../../../../test/support/result-in-state.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../../../test/support/temporary-directory.ts';
import { pagesFrom, type PageOf } from './page-of.ts';

let directory: TemporaryDirectory;
let pageOf: PageOf;

beforeEach(async () => {
  directory = await temporaryDirectory('pages');
  pageOf = pagesFrom(openObjectStore(pathToFileURL(directory.path).href), createLogger('pages', 'error'));
});
afterEach(() => directory.remove());

const answer = inferenceCompletedSchema.parse({
  study: { studyInstanceUid: '1.2.3', revision: 1, patient: {}, modalities: ['DX'] },
  model: { name: 'chest-xray-paediatric', version: '1.0.0' },
  role: 'primary',
  outcome: { kind: 'findings', findings: [findingNumber(1)], artefacts: [] },
  images: [],
  timings: { completedAt: '2026-02-03T04:06:00.000Z' },
});

describe('the page that goes with a report', () => {
  it('is a PDF in base64', async () => {
    const page = await pageOf(resultInState('unreviewed'), answer);
    expect(await readPdf(Buffer.from(page ?? '', 'base64'))).toHaveLength(1);
  });

  it('is left away where it cannot be drawn, and the report goes without', async () => {
    expect(await pageOf(resultInState('unreviewed', { completedAt: 'no instant' }), answer)).toBeUndefined();
  });
});
