import { describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';

const node = (script: string) => [process.execPath, '-e', script] as const;

// Other steps may be using the processors.
jest.setTimeout(60_000);

describe('running a command', () => {
  it('gives its exit code and what it said', async () => {
    const ending = await runCommand(node('console.log("out"); console.error("err"); process.exit(3)'), {
      show: false,
      limitMs: 30_000,
    });
    expect(ending).toMatchObject({ code: 3, hung: false });
    expect(ending.output).toContain('out');
    expect(ending.output).toContain('err');
  });

  it('says why a command could not be started', async () => {
    const ending = await runCommand(['/nowhere/to-be-found'], { show: false, limitMs: 30_000 });
    expect(ending.code).toBeUndefined();
    expect(ending.output).toContain('/nowhere/to-be-found');
  });

  it('ends a command that runs past its limit, with everything it started', async () => {
    const script = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'inherit' });
      setInterval(() => 0, 1000);`;
    const ending = await runCommand(node(script), { show: false, limitMs: 1_500 });
    expect(ending).toMatchObject({ code: undefined, hung: true });
  });

  it('ends a command that has written its result and would not end', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sightline-command-'));
    try {
      const result = join(folder, 'report.json');
      const script = `require('node:fs').writeFileSync(${JSON.stringify(result)}, '{}'); setInterval(() => 0, 1000);`;
      const ending = await runCommand(node(script), { show: false, limitMs: 60_000, result, lingerMs: 100 });
      expect(ending.hung).toBe(true);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
