import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type TemporaryDirectory, temporaryDirectory } from '../test/support/temporary-directory.ts';
import { REPOSITORY } from './sandbox/parts/repository.ts';

describe('the bootstrap script', () => {
  let directory: TemporaryDirectory;
  let path: string;

  beforeEach(async () => {
    directory = await temporaryDirectory('bootstrap');
    path = join(directory.path, 'bin');
    mkdirSync(path);
  });

  afterEach(() => directory.remove());

  /** A program on the PATH of the run, in shell. */
  function program(name: string, script: string): void {
    writeFileSync(join(path, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(path, name), 0o755);
  }

  function run(...args: string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(REPOSITORY, 'tools/bootstrap.mjs'), ...args], {
      encoding: 'utf8',
      env: { PATH: path },
    });
    return { status, stdout, stderr };
  }

  it('names the commands it knows', () => {
    expect(run('nonsense')).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^Usage: .*start\|demo\|.*test …\n$/),
    });
  });

  it('says in one line what to install where it may not', () => {
    const { status, stderr } = run('start');
    expect(status).toBe(1);
    expect(stderr).toBe(
      'Missing: JDK 17 or newer, Maven. Install with: the packages Debian calls openjdk-17-jdk-headless maven\n',
    );
  });

  it('does not count an old JDK as one', () => {
    program('java', `echo 'openjdk version "11.0.2"' >&2`);
    program('mvn', 'true');
    expect(run('start').stderr).toMatch(/^Missing: JDK 17 or newer\. /);
  });

  it('installs with apt-get where the user may, says so, and says what went wrong', () => {
    symlinkSync('/usr/bin/env', join(path, 'env'));
    program('sudo', 'shift; exec "$@"');
    program('true', 'exit 0');
    program(
      'apt-get',
      `echo "$@" >> ${directory.path}/asked; case "$*" in *install*) echo 'E: no network' >&2; exit 100;; esac`,
    );
    const { status, stderr } = run('start');
    expect(status).toBe(1);
    expect(stderr.split('\n')).toEqual([
      'Installing system packages with apt-get: openjdk-17-jdk-headless maven',
      'apt-get could not install openjdk-17-jdk-headless maven: E: no network',
      '',
    ]);
    expect(readFileSync(join(directory.path, 'asked'), 'utf8').trim().split('\n')).toEqual([
      '-q -y update',
      '-q -y install --no-install-recommends openjdk-17-jdk-headless maven',
    ]);
  });

  it('needs no JDK to fetch a token, and hands over the exit code', () => {
    const { status, stderr } = run('token', 'nobody');
    expect(status).toBe(2);
    expect(stderr).toContain('npm run token -- clinician|radiologist|compliance|operator');
  });
});
