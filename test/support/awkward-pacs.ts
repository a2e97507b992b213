import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pythonEnvironment } from '../../tools/check/python-environment.ts';
import { Child } from '../../tools/sandbox/parts/child.ts';
import { freePort } from '../../tools/sandbox/parts/ports.ts';
import { REPOSITORY } from '../../tools/sandbox/parts/repository.ts';

/** What an archive does otherwise than it should; `plain` is as it should be, and commits on the association that asked. */
export type Manner = 'plain' | 'refuses-maps' | 'loses-the-report' | 'never-commits';

/** An archive by pynetdicom, under the AE title OTHER. */
export async function startAwkwardPacs(
  directory: string,
  manner: Manner,
): Promise<{ port: number; stop(): Promise<void> }> {
  const requirements = [join(import.meta.dirname, 'pacs-requirements.txt')];
  const python = await pythonEnvironment(join(REPOSITORY, 'node_modules/.cache/sightline/pacs'), requirements);
  if (python.kind === 'missing') throw new Error(python.line);
  await mkdir(directory, { recursive: true });
  const port = await freePort();
  const child = await Child.start({
    name: 'PACS',
    command: python.bin('python'),
    args: [join(import.meta.dirname, 'awkward_pacs.py'), String(port), 'OTHER', directory, manner],
    logFile: join(directory, 'pacs.log'),
    directory,
    ports: [port],
  });
  return { port, stop: () => child.stop() };
}
