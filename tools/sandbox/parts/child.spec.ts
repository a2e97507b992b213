import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type TemporaryDirectory, temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { Child, type ChildSpec } from './child.ts';
import { freePort, isListening } from './ports.ts';
import { REPOSITORY } from './repository.ts';
import { claimDirectory, leaveDirectory, noteChild, stopStaleChildren } from './stale-children.ts';

const listen = (port: number): string => `require('net').createServer().listen(${port}, '127.0.0.1')`;

describe('a child', () => {
  let directory: TemporaryDirectory;
  let port: number;
  const running: Child[] = [];
  const servers: Server[] = [];

  beforeEach(async () => {
    directory = await temporaryDirectory('child');
    port = await freePort();
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((child) => child.kill()));
    for (const server of servers.splice(0)) {
      server.close();
    }
    await directory.remove();
  });

  function spec(script: string, more: Partial<ChildSpec> = {}): ChildSpec {
    return {
      name: 'Tester',
      command: process.execPath,
      args: ['-e', script],
      environment: { NODE_OPTIONS: '' },
      logFile: join(directory.path, 'tester.log'),
      directory: directory.path,
      ports: [port],
      ...more,
    };
  }

  async function start(script: string, more: Partial<ChildSpec> = {}): Promise<Child> {
    const child = new Child(spec(script, more));
    running.push(child);
    await child.start();
    return child;
  }

  async function occupy(): Promise<void> {
    const server = createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  }

  it('is ready once its own process listens, and gone after stop', async () => {
    const child = await start(listen(port));
    expect(await isListening(port)).toBe(true);
    await child.stop();
    expect(await isListening(port)).toBe(false);
    expect(await child.exited).toMatchObject({ asked: true });
  });

  it('says in one line which port is in use, and starts nothing', async () => {
    await occupy();
    await expect(start(listen(port))).rejects.toThrow(new RegExp(`^Tester: port ${port} is in use.*stop it`));
    expect(existsSync(join(directory.path, 'tester.log'))).toBe(false);
  });

  it('does not take another process for its own', async () => {
    const child = start('setTimeout(() => undefined, 60_000)');
    child.catch(() => undefined);
    await waitFor(() => running[0]?.isRunning);
    await occupy();
    await expect(child).rejects.toThrow(`port ${port} was taken by process ${process.pid}`);
  });

  it('that ends while starting is said in one line with the place of its log', async () => {
    const failure = start('process.exit(3)');
    await expect(failure).rejects.toThrow(
      `Tester: ended while starting (exit code 3) (log: ${directory.path}/tester.log)`,
    );
  });

  it('whose disk is full says so', async () => {
    const failure = start('console.error("write: No space left on device"); process.exit(1)');
    await expect(failure).rejects.toThrow('Tester: no space left on the disk');
  });

  it('that is never ready is ended at its deadline', async () => {
    const failure = start('setTimeout(() => undefined, 60_000)', { deadlineMs: 500 });
    await expect(failure).rejects.toThrow('Tester: not ready after 0.5 s');
    expect(running[0]?.isRunning).toBe(false);
  });

  it('gives up starting when it is told to', async () => {
    const controller = new AbortController();
    const failure = start('setTimeout(() => undefined, 60_000)', { signal: controller.signal });
    controller.abort(new Error('another part failed'));
    await expect(failure).rejects.toThrow('another part failed');
  });

  it('that does not hear SIGTERM is killed after its grace, its own children with it', async () => {
    const deaf = `process.on('SIGTERM', () => undefined);
      const own = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
      require('fs').writeFileSync(${JSON.stringify(join(directory.path, 'own.pid'))}, String(own.pid));
      ${listen(port)}`;
    const child = await start(deaf, { graceMs: 300 });
    const own = Number(readFileSync(join(directory.path, 'own.pid'), 'utf8'));
    await child.stop();
    expect(await child.exited).toMatchObject({ signal: 'SIGKILL' });
    await waitFor(() => !isAlive(own));
  });

  it('can be killed and started again on the same port', async () => {
    const child = await start(listen(port));
    const first = child.pid;
    await child.kill('SIGKILL');
    await child.start();
    expect(child.pid).not.toBe(first);
    expect(await isListening(port)).toBe(true);
  });

  it('does not outlive a parent that is killed with SIGKILL', async () => {
    const file = join(directory.path, 'child.pid');
    const script = `
      import { writeFileSync } from 'node:fs';
      import { Child } from ${JSON.stringify(join(REPOSITORY, 'tools/sandbox/parts/child.ts'))};
      const child = await Child.start(${JSON.stringify(spec(listen(port)))});
      writeFileSync(${JSON.stringify(file)}, String(child.pid));
      setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: REPOSITORY,
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: 'ignore',
    });
    const pid = await waitFor(() => existsSync(file) && (Number(readFileSync(file, 'utf8')) || undefined), {
      timeout: 60_000,
    });
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await waitFor(() => !isAlive(pid), { timeout: 20_000 });
  }, 90_000);

  it('left behind by an earlier start is stopped by the next, and only that', async () => {
    const left = spawn(process.execPath, ['-e', listen(port)], { detached: true, stdio: 'ignore' });
    const other = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], {
      detached: true,
      stdio: 'ignore',
    });
    try {
      noteChild(join(directory.path, 'part'), 'Left', left.pid ?? 0);
      const note = join(directory.path, 'running', `${other.pid}.json`);
      noteChild(directory.path, 'Other', other.pid ?? 0);
      // The same number, but a process that began at another time.
      const { writeFileSync } = await import('node:fs');
      writeFileSync(note, JSON.stringify({ name: 'Other', pid: other.pid, startedAt: '1' }));
      expect(await stopStaleChildren(directory.path)).toEqual(['Left']);
      await waitFor(() => left.exitCode !== null || left.signalCode !== null);
      expect(isAlive(other.pid ?? 0)).toBe(true);
      expect(existsSync(note)).toBe(false);
    } finally {
      left.kill('SIGKILL');
      other.kill('SIGKILL');
    }
  });

  it('directory belongs to one live process', async () => {
    const owner = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    await sleep(50);
    try {
      claimDirectory(directory.path);
      const file = join(directory.path, 'owner.json');
      const own = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; startedAt: string };
      expect(own.pid).toBe(process.pid);
      const stat = readFileSync(`/proc/${owner.pid}/stat`, 'utf8');
      const startedAt = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
      const { writeFileSync } = await import('node:fs');
      writeFileSync(file, JSON.stringify({ pid: owner.pid, startedAt }));
      expect(() => claimDirectory(directory.path)).toThrow(`already runs in ${directory.path} (process ${owner.pid})`);
      writeFileSync(file, JSON.stringify({ pid: owner.pid, startedAt: '1' }));
      claimDirectory(directory.path);
      leaveDirectory(directory.path);
      expect(existsSync(file)).toBe(false);
    } finally {
      owner.kill('SIGKILL');
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie answers too; it is dead all the same.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
