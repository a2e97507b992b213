import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { pythonEnvironment } from '../../tools/check/python-environment.ts';
import { Child } from '../../tools/sandbox/parts/child.ts';
import { freePort } from '../../tools/sandbox/parts/ports.ts';
import { REPOSITORY } from '../../tools/sandbox/parts/repository.ts';
import { storedFiles } from './stored-files.ts';

export interface PacsOptions {
  /** Empty, or the folder of a PACS that was stopped. */
  readonly directory: string;
  readonly aeTitle?: string;
  /** Who asks for storage commitment, and where their results are taken. Others are not told of any. */
  readonly client: { readonly aeTitle: string; readonly port: number };
  /** Commitment is reported on the association that asked for it, not on one that the PACS opens to the client. */
  readonly sameAssociation?: boolean;
}

export interface Pacs {
  readonly port: number;
  readonly aeTitle: string;
  /** Of DICOMweb; nobody listens there with `sameAssociation`. */
  readonly webUrl: string;
  readonly logFile: string;
  /** Part 10 files of what it has stored, by SOP Instance UID. */
  stored(): Promise<Map<string, Buffer>>;
  stop(): Promise<void>;
  restart(): Promise<void>;
  pause(): void;
  resume(): void;
}

const orthancInstances = z.array(z.object({ ID: z.string(), MainDicomTags: z.object({ SOPInstanceUID: z.string() }) }));

/**
 * A PACS of other make, with storage commitment: Orthanc, which reports on an association of its own, or pynetdicom, which
 * reports on the same.
 */
export async function startPacs(options: PacsOptions): Promise<Pacs> {
  const { directory, aeTitle = 'PACS', sameAssociation = false } = options;
  const port = await freePort();
  const webPort = await freePort();
  const storage = join(directory, 'storage');
  await mkdir(storage, { recursive: true });
  const run = sameAssociation
    ? await pynetdicom([String(port), aeTitle, storage])
    : await orthanc({ ...options, aeTitle, port, storage, webPort });
  const child = await Child.start({
    name: 'PACS',
    ...run,
    logFile: join(directory, `pacs-${port}.log`),
    directory,
    ports: sameAssociation ? [port] : [port, webPort],
  });
  return {
    port,
    aeTitle,
    webUrl: `http://127.0.0.1:${webPort}/dicom-web`,
    logFile: child.logFile,
    stored: () => (sameAssociation ? storedFiles(storage) : heldByOrthanc(`http://127.0.0.1:${webPort}`)),
    stop: () => child.stop(),
    restart: () => child.restart(),
    pause: () => child.pause(),
    resume: () => child.resume(),
  };
}

async function pynetdicom(args: readonly string[]): Promise<{ command: string; args: string[] }> {
  const requirements = [join(import.meta.dirname, 'pacs-requirements.txt')];
  const python = await pythonEnvironment(join(REPOSITORY, 'node_modules/.cache/sightline/pacs'), requirements);
  if (python.kind === 'missing') throw new Error(python.line);
  return { command: python.bin('python'), args: [join(import.meta.dirname, 'pacs.py'), ...args] };
}

async function orthanc(options: {
  directory: string;
  aeTitle: string;
  port: number;
  storage: string;
  client: PacsOptions['client'];
  webPort: number;
}): Promise<{ command: string; args: string[] }> {
  const { directory, aeTitle, port, storage, client, webPort } = options;
  const configuration = {
    Name: aeTitle,
    StorageDirectory: storage,
    IndexDirectory: directory,
    DicomAet: aeTitle,
    DicomPort: port,
    DicomCheckCalledAet: true,
    DicomModalities: { client: { AET: client.aeTitle, Host: '127.0.0.1', Port: client.port } },
    // It stores what it knows nothing of too, and does not rewrite what it stores.
    UnknownSopClassAccepted: true,
    StorageCompression: false,
    HttpPort: webPort,
    AuthenticationEnabled: false,
    DicomWeb: { Enable: true },
    SaveJobs: false,
    Plugins: ['/usr/share/orthanc/plugins/libOrthancDicomWeb.so'],
  };
  const file = join(directory, `pacs-${port}.json`);
  await writeFile(file, JSON.stringify(configuration));
  return { command: '/usr/sbin/Orthanc', args: ['--verbose', file] };
}

/**
 * What its index says it has stored. Its folders say less: what is sent again is written to one of them before it is known,
 * and removed with the folder.
 */
async function heldByOrthanc(url: string): Promise<Map<string, Buffer>> {
  const signal = AbortSignal.timeout(20_000);
  const ask = async (path: string): Promise<Response> => {
    const answer = await fetch(`${url}${path}`, { signal });
    if (!answer.ok) throw new Error(`Orthanc answered ${answer.status} to ${path}`);
    return answer;
  };
  const instances = orthancInstances.parse(await (await ask('/instances?expand')).json());
  const files = instances.map(async ({ ID, MainDicomTags }): Promise<[string, Buffer]> => {
    const file = await ask(`/instances/${ID}/file`);
    return [MainDicomTags.SOPInstanceUID, Buffer.from(await file.arrayBuffer())];
  });
  return new Map(await Promise.all(files));
}
