import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { sendGolden } from '../send/send-golden.ts';
import { buildApps } from './build-apps.ts';
import { PartFailed } from './parts/part-failed.ts';
import { ProgressDisplay } from './progress-display.ts';
import { startSandbox } from './sandbox.ts';
import { untilStopped } from './until-stopped.ts';

// `npm run demo -- --json`: a sandbox of its own on free ports, one study, its report as one JSON object, and gone again.

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const display = new ProgressDisplay(process.stderr);
const stopped = untilStopped();
const directory = await mkdtemp(join(tmpdir(), 'sightline-demo-'));

try {
  await display.step('Building the apps', () => buildApps(stopped.signal));
  const sandbox = await startSandbox({
    directory,
    ports: 'free',
    onProgress: display.report,
    signal: stopped.signal,
  });
  try {
    const study = await display.step('A chest X-ray on its way', () => sendGolden(sandbox, stopped.signal));
    const { studyInstanceUid, outcome, findings, reportUrl } = study;
    if (values.json) {
      console.log(JSON.stringify({ studyInstanceUid, outcome, findings, reportUrl }));
    } else {
      console.log(`${studyInstanceUid}: ${outcome}`);
      for (const finding of findings) {
        console.log(`  ${finding.sentence}`);
      }
      console.log(`  ${reportUrl ?? 'no report'}`);
    }
    process.exitCode = outcome === 'findings' ? 0 : 1;
  } finally {
    await display.step('Stopping', () => sandbox.stop());
  }
  await rm(directory, { recursive: true, force: true });
} catch (error) {
  display.close();
  console.error(error instanceof PartFailed ? error.message : error);
  process.exitCode = 1;
}
process.exit();
