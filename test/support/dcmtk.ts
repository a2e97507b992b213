import { spawn } from 'node:child_process';

export interface DcmtkResult {
  readonly code: number | null;
  /** stdout and stderr together. */
  readonly output: string;
}

export interface Peer {
  readonly host: string;
  readonly port: number;
  readonly aeTitle: string;
  readonly callingAeTitle?: string;
}

/** DCMTK's C-ECHO SCU. */
export async function echoscu(peer: Peer, args: readonly string[] = []): Promise<DcmtkResult> {
  return dcmtk('echoscu', peer, args);
}

/** DCMTK's C-STORE SCU; compressed files need `-xw`, `-xt` or `-xy` among the arguments. */
export async function storescu(
  peer: Peer,
  paths: readonly string[],
  args: readonly string[] = [],
): Promise<DcmtkResult> {
  return dcmtk('storescu', peer, args, paths);
}

async function dcmtk(
  tool: string,
  peer: Peer,
  args: readonly string[],
  paths: readonly string[] = [],
): Promise<DcmtkResult> {
  const titles = ['-aec', peer.aeTitle, '-aet', peer.callingAeTitle ?? 'TEST'];
  const child = spawn(tool, ['-v', ...titles, ...args, peer.host, String(peer.port), ...paths], {
    // Without it every object waits for a delayed acknowledgement: 45–95 ms each.
    env: { ...process.env, TCP_NODELAY: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (output += String(chunk)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, output };
}
