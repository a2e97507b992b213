import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../tools/sandbox/sandbox.ts';
import { type Door, reportsOf } from '../support/client.ts';
import { freshInstance } from '../support/golden.ts';
import { echoscu, storescu, type TemporaryDirectory, temporaryDirectory, waitFor } from '../support/index.ts';

const outageMs = 60_000;
/** Longer than the longest wait between two tries. */
const recovery = { timeout: 330_000, interval: 500 };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('an outage of a minute', () => {
  let directory: TemporaryDirectory;
  let sandbox: Sandbox;
  let fhir: Door;

  beforeAll(async () => {
    directory = await temporaryDirectory('outage');
    sandbox = await startSandbox({
      directory: join(directory.path, 'sandbox'),
      ports: 'free',
      onProgress: () => undefined,
    });
    fhir = { url: sandbox.endpoints.fhirBaseUrl, token: await sandbox.token('clinician') };
  }, 300_000);

  afterAll(async () => {
    await sandbox?.stop();
    await directory?.remove();
  });

  it('of the FHIR server: the study is taken, and its one report arrives after', async () => {
    await sandbox.fhir.kill('SIGKILL');
    const study = await freshInstance(directory.path);
    expect(await storescu(sandbox.endpoints.dicom, [study.path])).toMatchObject({ code: 0 });
    await pause(outageMs);
    await sandbox.fhir.start();
    await waitFor(async () => (await reportsOf(fhir, study.studyInstanceUid)).length > 0, recovery);
    await pause(5_000);
    expect(await reportsOf(fhir, study.studyInstanceUid)).toHaveLength(1);
  }, 480_000);

  it('of the broker: the study is taken meanwhile, and its one report arrives after', async () => {
    await sandbox.kafka.kill('SIGKILL');
    const study = await freshInstance(directory.path, 'viral-1.dcm');
    expect(await storescu(sandbox.endpoints.dicom, [study.path])).toMatchObject({ code: 0 });
    await pause(outageMs);
    expect(await echoscu(sandbox.endpoints.dicom)).toMatchObject({ code: 0 });
    await sandbox.kafka.start();
    await waitFor(async () => (await reportsOf(fhir, study.studyInstanceUid)).length > 0, recovery);
    await pause(5_000);
    expect(await reportsOf(fhir, study.studyInstanceUid)).toHaveLength(1);
  }, 480_000);
});
