/**
 * Seconds from the last C-STORE response to the committed report, over studies sent one after the other, with the sandbox's
 * quiet period and with none. `npm run bench -- latency [studies]`.
 */
import { join } from 'node:path';
import pg from 'pg';
import { buildApps } from '../../tools/sandbox/build-apps.ts';
import { startSandbox } from '../../tools/sandbox/sandbox.ts';
import { freshInstance } from '../support/golden.ts';
import { storescu, temporaryDirectory, waitFor } from '../support/index.ts';
import { quantile } from './quantile.ts';

const quietPeriodsMs = [3_000, 0];

export async function benchLatency([count = '30']: readonly string[]): Promise<void> {
  const studies = Number(count);
  await buildApps();
  for (const quietPeriodMs of quietPeriodsMs) {
    const seconds = await measure(quietPeriodMs, studies);
    const figures = { p50: quantile(seconds, 0.5), p95: quantile(seconds, 0.95), max: quantile(seconds, 1) };
    process.stdout.write(`${JSON.stringify({ quietPeriodMs, studies, secondsToReport: figures })}\n`);
  }
}

async function measure(quietPeriodMs: number, studies: number): Promise<number[]> {
  const directory = await temporaryDirectory('bench');
  const sandbox = await startSandbox({
    directory: join(directory.path, 'sandbox'),
    ports: 'free',
    env: { 'dicom-ingest': { QUIET_PERIOD_MS: String(quietPeriodMs) } },
    onProgress: () => undefined,
  });
  const database = new pg.Client({ connectionString: sandbox.postgres.adminUrlFor('fhir-writer') });
  try {
    await database.connect();
    const seconds: number[] = [];
    for (let n = 0; n < studies; n += 1) {
      const study = await freshInstance(directory.path);
      const { code, output } = await storescu(sandbox.endpoints.dicom, [study.path]);
      if (code !== 0) throw new Error(`storescu: ${output}`);
      const answeredAt = Date.now();
      const filedAt = await waitFor(
        async () => {
          const { rows } = await database.query<{ filed_at: Date }>(
            'select told_at as filed_at from told_edition where study_instance_uid = $1',
            [study.studyInstanceUid],
          );
          return rows[0]?.filed_at;
        },
        { timeout: 60_000, interval: 20 },
      );
      seconds.push((filedAt.getTime() - answeredAt) / 1_000);
    }
    return seconds;
  } finally {
    await database.end();
    await sandbox.stop();
    await directory.remove();
  }
}
