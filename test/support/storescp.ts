import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Child } from '../../tools/sandbox/parts/child.ts';
import { freePort } from '../../tools/sandbox/parts/ports.ts';
import { storedFiles } from './stored-files.ts';

export interface StoreScp {
  readonly port: number;
  readonly aeTitle: string;
  readonly logFile: string;
  /** Part 10 files of what it has stored, data sets as they came, by SOP Instance UID. */
  stored(): Promise<Map<string, Buffer>>;
  stop(): Promise<void>;
  pause(): void;
}

/** DCMTK's C-STORE SCP, which knows no storage commitment; `args` are its own. */
export async function startStoreScp(directory: string, args: readonly string[] = []): Promise<StoreScp> {
  const port = await freePort();
  const aeTitle = 'STORESCP';
  const storage = join(directory, `storescp-${port}`);
  await mkdir(storage, { recursive: true });
  const child = await Child.start({
    name: 'storescp',
    command: 'storescp',
    args: ['-v', '-aet', aeTitle, '--bit-preserving', '-od', storage, ...args, String(port)],
    environment: { TCP_NODELAY: '1' },
    logFile: join(directory, `storescp-${port}.log`),
    directory,
    ports: [port],
  });
  return {
    port,
    aeTitle,
    logFile: child.logFile,
    stored: () => storedFiles(storage),
    stop: () => child.stop(),
    pause: () => child.pause(),
  };
}
