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

  it('is drawn in a turn of its own, so that others are heard between those asked for together', async () => {
    let turn = 0;
    let timer = setImmediate(function next() {
      turn += 1;
      timer = setImmediate(next);
    });
    const begun = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const turns: number[] = [];
        const set = resultInState('unreviewed');
        const watched = {
          ...set,
          get completedAt() {
            turns.push(turn);
            return set.completedAt;
          },
        };
        await pageOf(watched, answer);
        return turns[0];
      }),
    );
    clearImmediate(timer);
    expect(new Set(begun).size).toBe(4);
  });

  it('is drawn after one that could not be', async () => {
    const [none, page] = await Promise.all([
      pageOf(resultInState('unreviewed', { completedAt: 'no instant' }), answer),
      pageOf(resultInState('unreviewed'), answer),
    ]);
    expect(none).toBeUndefined();
    expect(await readPdf(Buffer.from(page ?? '', 'base64'))).toHaveLength(1);
  });
});
