import { join } from 'node:path';
import { sendGolden } from '../send/send-golden.ts';
import { buildApps } from './build-apps.ts';
import { PartFailed } from './parts/part-failed.ts';
import { REPOSITORY } from './parts/repository.ts';
import { ProgressDisplay } from './progress-display.ts';
import { checkBeforeStart, type SandboxOptions, startSandbox } from './sandbox.ts';
import { untilStopped } from './until-stopped.ts';

// `npm start`: everything up, one real study through the mesh, and where to look. Stays until Ctrl-C.

const display = new ProgressDisplay();
const stopped = untilStopped();

try {
  const options: SandboxOptions = {
    directory: process.env['SANDBOX_DIRECTORY'] ?? join(REPOSITORY, '.sandbox'),
    ports: process.env['SANDBOX_PORTS'] === 'free' ? 'free' : 'default',
    onProgress: display.report,
    signal: stopped.signal,
    kafkaDeadlineMs: numberFrom('SANDBOX_KAFKA_DEADLINE_MS'),
    minimumFreeBytes: numberFrom('SANDBOX_MINIMUM_FREE_BYTES'),
  };
  await checkBeforeStart(options);
  await display.step('Building the apps', () => buildApps(stopped.signal));
  const sandbox = await startSandbox(options);
  try {
    const { endpoints, identityProvider } = sandbox;
    const study = await display.step('A chest X-ray on its way', () => sendGolden(sandbox, stopped.signal));
    display.close();
    console.log(`
Ready after ${display.elapsedSeconds} s.

  Study         ${study.studyInstanceUid}
  Outcome       ${study.outcome}${study.reason === undefined ? '' : ` (${study.reason})`}
${study.findings.map((finding) => `  Finding       ${finding.sentence}`).join('\n')}
  Report        ${study.reportUrl ?? 'none'}

  Reading room  ${endpoints.readingRoomUrl}
  Sign in as    ${identityProvider.users.join(', ')}   password  ${identityProvider.password}

  FHIR R4       ${endpoints.fhirBaseUrl}        token: npm run token -- clinician
  DICOM         ${endpoints.dicom.aeTitle} at ${endpoints.dicom.host}:${endpoints.dicom.port}       send:  npm run send -- --wait PATH…
  STOW-RS       ${endpoints.stowUrl}
  Audit trail   ${endpoints.auditUrl}

Ctrl-C stops everything.
`);
    await stopped.promise;
  } finally {
    await display.step('Stopping', () => sandbox.stop());
  }
} catch (error) {
  display.close();
  if (!stopped.signal.aborted) {
    console.error(error instanceof PartFailed ? error.message : error);
    process.exitCode = 1;
  }
}
process.exit();

function numberFrom(name: string): number | undefined {
  const text = process.env[name];
  return text === undefined || text === '' ? undefined : Number(text);
}
