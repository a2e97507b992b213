import { readFile } from 'node:fs/promises';
import type { TlsSettings } from './site.ts';

/** Certificates of a connection, read once. */
export async function readTls({ caFile, certFile, keyFile, serverName }: TlsSettings) {
  return {
    ...(caFile === undefined ? {} : { ca: await readFile(caFile) }),
    ...(certFile === undefined ? {} : { cert: await readFile(certFile) }),
    ...(keyFile === undefined ? {} : { key: await readFile(keyFile) }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}
