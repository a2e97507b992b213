import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '../../tools/sandbox/parts/repository.ts';

const execute = promisify(execFile);

/** Made by running, not by writing, wherever it lies. */
const notCopied = new Set([
  '.git',
  'node_modules',
  'dist',
  'coverage',
  'target',
  'runs',
  '.sandbox',
  '.venv',
  '__pycache__',
]);

/** A copy of this checkout to change and throw away; it uses the same installed packages. */
export class Checkout {
  private constructor(readonly path: string) {}

  static async copyTo(path: string): Promise<Checkout> {
    await cp(REPOSITORY, path, { recursive: true, filter: (source) => !notCopied.has(basename(source)) });
    await symlink(join(REPOSITORY, 'node_modules'), join(path, 'node_modules'));
    return new Checkout(path);
  }

  async read(file: string): Promise<string> {
    return readFile(join(this.path, file), 'utf8');
  }

  async write(file: string, content: string | Uint8Array): Promise<void> {
    await mkdir(dirname(join(this.path, file)), { recursive: true });
    await writeFile(join(this.path, file), content);
  }

  /** Puts `addition` before the one place where `before` stands; throws where that is not one place. */
  async insert(file: string, before: string, addition: string): Promise<void> {
    const parts = (await this.read(file)).split(before);
    if (parts.length !== 2) throw new Error(`${file} says ${before} ${parts.length - 1} times`);
    await this.write(file, parts.join(`${addition}${before}`));
  }

  /** Runs a script of the checkout, or of a package it uses, on this Node; what it printed. Rejects where it fails, with all it said. */
  async node(...args: string[]): Promise<string> {
    const options = { cwd: this.path, env: { ...process.env, NODE_OPTIONS: '' }, maxBuffer: 1 << 26 };
    try {
      return (await execute(process.execPath, args, options)).stdout;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
    }
  }
}
