import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { PartFailed } from './part-failed.ts';

export const LOOPBACK = '127.0.0.1';

// Two calls in one process never get the same port, though the first has not bound it yet.
const handedOut = new Set<number>();

/** A port nobody listens on now. Another process may still take it before its owner binds it: owners prove themselves. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(0, LOOPBACK, () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
      });
    });
    if (!handedOut.has(port)) {
      handedOut.add(port);
      return port;
    }
  }
}

export async function isListening(port: number, host = LOOPBACK): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const settle = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.setTimeout(1000, () => settle(false));
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

/** Throws one line naming the port, and who holds it where the system tells. */
export async function requireFreePort(part: string, port: number): Promise<void> {
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    const server = createServer();
    server.once('error', (reason) => resolve(reason));
    server.listen(port, LOOPBACK, () => server.close(() => resolve(undefined)));
  });
  if (error === undefined) {
    return;
  }
  if (error.code === 'EACCES') {
    throw new PartFailed(part, `port ${port} may not be opened by this user`);
  }
  const [holder] = await processesListeningOn(port);
  const by = holder === undefined ? '' : ` by process ${holder.pid} (${holder.command})`;
  throw new PartFailed(part, `port ${port} is in use${by}; stop it or choose another port`);
}

/**
 * Who listens on a TCP port, from /proc; undefined entries never occur, but the list is empty where there is no /proc
 * or the owner cannot be seen.
 */
export async function processesListeningOn(port: number): Promise<{ pid: number; group: number; command: string }[]> {
  const inodes = await listeningInodes(port);
  if (inodes.size === 0) {
    return [];
  }
  const found: { pid: number; group: number; command: string }[] = [];
  for (const entry of await readdir('/proc')) {
    if (/^\d+$/.test(entry) && (await holdsSocket(entry, inodes))) {
      const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
      // The command is in brackets and may itself hold spaces and brackets: fields are counted from the last one.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const command = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      found.push({ pid: Number(entry), group: Number(fields[2]), command });
    }
  }
  return found;
}

async function listeningInodes(port: number): Promise<Set<string>> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'utf8').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      // 0A is TCP_LISTEN.
      if (fields[1]?.endsWith(suffix) === true && fields[3] === '0A' && fields[9] !== undefined) {
        inodes.add(fields[9]);
      }
    }
  }
  return inodes;
}

async function holdsSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const descriptor of descriptors) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined && inodes.has(inode)) {
      return true;
    }
  }
  return false;
}
