import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type TemporaryDirectory, temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { REPOSITORY } from './parts/repository.ts';

/** What `npm start` says and leaves behind when it cannot. */
describe('a start that cannot be', () => {
  let directory: TemporaryDirectory;

  beforeEach(async () => {
    directory = await temporaryDirectory('start');
  });

  afterEach(() => directory.remove());

  async function start(environment: Record<string, string>): Promise<{ code: number | null; stderr: string }> {
    const child = spawn(process.execPath, ['--no-warnings', '--import', 'tsx', 'tools/sandbox/start.ts'], {
      cwd: REPOSITORY,
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        SANDBOX_DIRECTORY: join(directory.path, 'sandbox'),
        SANDBOX_PORTS: 'free',
        ...environment,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, stderr };
  }

  /** Processes that have this test's directory on their command line. */
  async function leftRunning(): Promise<string[]> {
    const commands = await Promise.all(
      (await readdir('/proc'))
        .filter((entry) => /^\d+$/.test(entry))
        .map((entry) => readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')),
    );
    return commands.filter((command) => command.includes(directory.path));
  }

  async function expectOneLine(outcome: { code: number | null; stderr: string }, line: RegExp): Promise<void> {
    expect(outcome.stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(line)]);
    expect(outcome.code).toBe(1);
    expect(await leftRunning()).toEqual([]);
    expect(existsSync(join(directory.path, 'sandbox/endpoints.json'))).toBe(false);
  }

  it('for a port in use names the port and who has it', async () => {
    const server = createServer();
    // Where a sandbox already has it, the answer is the same.
    await new Promise<void>((resolve) => {
      server.once('error', () => resolve());
      server.listen(8080, '127.0.0.1', resolve);
    });
    const outcome = await start({ SANDBOX_PORTS: 'default' });
    server.close();
    await expectOneLine(
      outcome,
      /^[\w -]+: port \d+ is in use by process \d+ \(.+\); stop it or choose another port$/i,
    );
  }, 60_000);

  it('for want of disk space says how much is there and how much is needed', async () => {
    const outcome = await start({ SANDBOX_MINIMUM_FREE_BYTES: String(1024 ** 5) });
    await expectOneLine(outcome, /^Sandbox: no space left: [\d.]+ GB free where .+ is, 1048576\.0 GB are needed$/);
  }, 60_000);

  it('for want of Java says what is needed', async () => {
    const outcome = await start({ PATH: dirname(process.execPath) });
    await expectOneLine(outcome, /^Sandbox: Java is not installed; it needs a JDK 17 or newer$/);
  }, 60_000);

  it('for a broker that never comes up says where its log is', async () => {
    const bin = join(directory.path, 'bin');
    mkdirSync(bin);
    const java = execFileSync('sh', ['-c', 'command -v java'], { encoding: 'utf8' }).trim();
    writeFileSync(
      join(bin, 'java'),
      `#!/bin/sh\ncase "$*" in *"kafka.Kafka "*) exec sleep 600;; esac\nexec ${java} "$@"\n`,
    );
    chmodSync(join(bin, 'java'), 0o755);
    const outcome = await start({ PATH: `${bin}:${process.env['PATH'] ?? ''}`, SANDBOX_KAFKA_DEADLINE_MS: '2000' });
    await expectOneLine(outcome, /^Kafka: not ready after 2 s \(log: .+kafka\/kafka\.log\)$/);
  }, 600_000);
});
