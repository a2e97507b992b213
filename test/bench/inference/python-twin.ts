import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = join(import.meta.dirname, '../../../.sandbox/bench');
const requirements = join(import.meta.dirname, 'requirements.txt');

export interface Shape {
  path: string;
  threads: number;
  batch: number;
  height: number;
  width: number;
}

/** ONNX Runtime in Python with one model open, in a virtual environment of its own that is made on first use. */
export class PythonTwin {
  readonly #lines: AsyncIterator<string>;

  private constructor(
    private readonly child: ChildProcess,
    lines: AsyncIterator<string>,
    /** Release of the wheel. */
    readonly version: string,
  ) {
    this.#lines = lines;
  }

  static async start({ path, threads, batch, height, width }: Shape): Promise<PythonTwin> {
    const python = await preparePython();
    const script = join(import.meta.dirname, 'throughput.py');
    const child = spawn(python, [script, path, ...[threads, batch, height, width].map(String)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return new PythonTwin(child, lines, await nextLine(lines));
  }

  /** Seconds that `batches` took. */
  async seconds(batches: number): Promise<number> {
    this.child.stdin?.write(`${batches}\n`);
    return Number(await nextLine(this.#lines));
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.stdin?.end();
    await exited;
  }
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done === true) throw new Error('bench: Python ended');
  return value;
}

/** The interpreter that has exactly what requirements.txt pins. */
async function preparePython(): Promise<string> {
  const python = join(cache, 'venv/bin/python');
  const installed = join(cache, 'requirements.txt');
  const [wanted, present] = await Promise.all([
    readFile(requirements, 'utf8'),
    readFile(installed, 'utf8').catch(() => undefined),
  ]);
  if (wanted === present) return python;
  await mkdir(cache, { recursive: true });
  await run('python3', ['-m', 'venv', '--clear', join(cache, 'venv')]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', '--requirement', requirements]);
  await copyFile(requirements, installed);
  return python;
}
