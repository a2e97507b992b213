import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { PartFailed } from '../sandbox/parts/part-failed.ts';
import { REPOSITORY } from '../sandbox/parts/repository.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { awaitReport, type StudyResult } from './await-report.ts';
import { withFreshUids } from './fresh-uids.ts';
import { readInstance, storeAll } from './store.ts';

/** Of the model whose pictures may be passed on. */
const GOLDEN = join(REPOSITORY, 'models/chest-xray-paediatric/golden');

const Golden = z.array(
  z.object({ file: z.string(), expected: z.looseObject({ present: z.record(z.string(), z.boolean()).optional() }) }),
);

/** A real chest X-ray of the model's golden set, as a new study, over C-STORE; settles with what the mesh made of it. */
export async function sendGolden(
  sandbox: Pick<Sandbox, 'endpoints' | 'token'>,
  signal?: AbortSignal,
): Promise<StudyResult> {
  const file = await pickGolden();
  const read = readInstance(file, withFreshUids(await readFile(join(GOLDEN, file))));
  if (read.kind === 'invalid') {
    throw new PartFailed('Golden study', `${file}: ${read.reason}`);
  }
  const beganAt = Date.now();
  const [refusal] = await storeAll(sandbox.endpoints.dicom, [read.instance]);
  if (refusal !== undefined) {
    throw new PartFailed('Golden study', `${refusal.name} was not taken: ${refusal.reason}`);
  }
  return awaitReport(read.instance.studyInstanceUid, {
    readingRoomUrl: sandbox.endpoints.readingRoomUrl,
    token: () => sandbox.token('clinician'),
    beganAt,
    receivedAt: Date.now(),
    timeoutMs: 120_000,
    signal,
  });
}

/** The first in which something is present: it shows more. */
async function pickGolden(): Promise<string> {
  const text = await readFile(join(GOLDEN, 'golden.json'), 'utf8').catch(() => undefined);
  if (text !== undefined) {
    const golden = Golden.parse(JSON.parse(text)).filter(({ file }) => file.endsWith('.dcm'));
    const telling = golden.find(({ expected }) => Object.values(expected.present ?? {}).includes(true)) ?? golden[0];
    if (telling !== undefined) {
      return telling.file;
    }
  }
  const [first] = (await readdir(GOLDEN)).filter((name) => name.endsWith('.dcm')).sort();
  if (first === undefined) {
    throw new PartFailed('Golden study', `no DICOM file in ${GOLDEN}`);
  }
  return first;
}
