import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { certificateAuthority, type Authority, type Identity } from '../../../../test/support/certificates.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../../../test/support/temporary-directory.ts';
import { StowArchive } from './stow-archive.ts';

let directory: TemporaryDirectory;
let hospital: Authority;
let stranger: Authority;
let archive: Identity;
let ours: Identity;

beforeAll(async () => {
  directory = await temporaryDirectory('stow');
  hospital = await certificateAuthority(directory.path, 'hospital');
  stranger = await certificateAuthority(directory.path, 'stranger');
  archive = await hospital.issue('archive');
  ours = await hospital.issue('sightline');
}, 60_000);
afterAll(() => directory.remove());

const errand = { signal: new AbortController().signal, secrets: [] };

/** A DICOMweb server that lets in whom its authority knows: what it answers to `tls`, and who came. */
async function ask(tls: NonNullable<ConstructorParameters<typeof StowArchive>[0]['tls']>) {
  const { cert, key } = archive;
  const callers: string[] = [];
  const server = createServer({ cert, key, ca: hospital.ca, requestCert: true, rejectUnauthorized: true });
  server.on('request', (request, response) => {
    callers.push(String((request.socket as TLSSocket).getPeerCertificate().subject.CN));
    request.resume().on('end', () => response.writeHead(200).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const baseUrl = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answer = await new StowArchive({ baseUrl, tls, answerTimeoutMs: 5_000 }).store('1.2.3', [], errand);
  server.closeAllConnections();
  server.close();
  return { answer, callers };
}

describe('STOW-RS by TLS', () => {
  it('shows our certificate where the server asks for one', async () => {
    const { answer, callers } = await ask({ ca: hospital.ca, cert: ours.cert, key: ours.key });
    expect([answer.kind, callers]).toEqual(['answered', ['sightline']]);
  });

  it('sends nothing to a server of another authority, and nothing without the certificate it asks for', async () => {
    for (const tls of [{ ca: stranger.ca, cert: ours.cert, key: ours.key }, { ca: hospital.ca }]) {
      const { answer, callers } = await ask(tls);
      expect(answer).toMatchObject({ kind: 'failed', failure: { kind: 'unavailable' } });
      expect(callers).toEqual([]);
    }
  });
});
