import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { uidSchema } from '@sightline/dicom';
import type { BackendToken } from '../fhir/backend-token.ts';
import { StowArchive } from './stow-archive.ts';

type Answer = (request: IncomingMessage, body: Buffer, response: ServerResponse) => void;

let server: Server;
let answer: Answer;
let seen: { path: string; type: string; authorization: string | undefined; parts: number }[];

beforeEach(async () => {
  seen = [];
  server = createServer((request, response) => {
    void buffer(request).then((body) => {
      seen.push({
        path: request.url ?? '',
        type: request.headers['content-type'] ?? '',
        authorization: request.headers.authorization,
        parts: body.toString('latin1').split('content-type: application/dicom\r\n').length - 1,
      });
      answer(request, body, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const archive = (more: Partial<ConstructorParameters<typeof StowArchive>[0]> = {}): StowArchive =>
  new StowArchive({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/dicom-web`,
    answerTimeoutMs: 2_000,
    ...more,
  });

const objects = ['1.2.1', '1.2.2', '1.2.3'].map((uid) => ({
  sopClassUid: '1.2.840.10008.5.1.4.1.1.7',
  sopInstanceUid: uidSchema.parse(uid),
  seriesInstanceUid: uidSchema.parse('1.2'),
  bytes: Buffer.from(`bytes of ${uid}`),
}));

const errand = { signal: new AbortController().signal, secrets: [] };
const store = (of = archive()) => of.store('1.2.3.4', objects, errand);

const says =
  (status: number, body: unknown = '', headers: Record<string, string> = {}): Answer =>
  (_request, _body, response) =>
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));

const references = (...uids: string[]) => ({
  vr: 'SQ',
  Value: uids.map((uid) => ({ '00081155': { vr: 'UI', Value: [uid] } })),
});
const failures = (reason: number, ...uids: string[]) => ({
  vr: 'SQ',
  Value: uids.map((uid) => ({
    '00081155': { vr: 'UI', Value: [uid] },
    '00081197': { vr: 'US', Value: [reason] },
  })),
});

describe('Store Instances', () => {
  it('sends every object as a part of its own, to the study', async () => {
    answer = says(200);
    expect(await store()).toEqual({ kind: 'answered', stored: ['1.2.1', '1.2.2', '1.2.3'], refused: [] });
    expect(seen).toMatchObject([{ path: '/dicom-web/studies/1.2.3.4', parts: 3, authorization: undefined }]);
    expect(seen[0]?.type).toMatch(/^multipart\/related; type="application\/dicom"; boundary=\S+$/);
  });

  it.each([202, 409])('reads of %i what became of each', async (status) => {
    answer = says(status, { '00081199': references('1.2.1'), '00081198': failures(0xa900, '1.2.2') });
    expect(await store()).toEqual({
      kind: 'answered',
      stored: ['1.2.1'],
      refused: [{ sopInstanceUid: '1.2.2', reason: 'failure reason A900', mayPass: false }],
    });
  });

  it.each([
    [0x0110, true],
    [0xa700, true],
    [0x0122, false],
    [0xc000, false],
  ])('knows whether failure reason %i may pass: %s', async (reason, mayPass) => {
    answer = says(409, { '00081198': failures(reason, '1.2.1', '1.2.2', '1.2.3') });
    expect(await store()).toMatchObject({
      kind: 'answered',
      stored: [],
      refused: [{ mayPass }, { mayPass }, { mayPass }],
    });
  });

  it('takes an instance that is there already for stored', async () => {
    answer = says(409, { '00081198': failures(0x0111, '1.2.1', '1.2.2', '1.2.3') });
    expect(await store()).toEqual({ kind: 'answered', stored: ['1.2.1', '1.2.2', '1.2.3'], refused: [] });
  });

  it('sends in smaller requests what is too large together', async () => {
    answer = (request, body, response) =>
      says((body.toString('latin1').match(/bytes of/g)?.length ?? 0) > 1 ? 413 : 200)(request, body, response);
    expect(await store()).toMatchObject({ stored: ['1.2.1', '1.2.2', '1.2.3'] });
    expect(seen.map(({ parts }) => parts)).toEqual([3, 2, 1, 1, 1]);
  });

  it.each([
    [202, 'unavailable'],
    [302, 'unavailable'],
    [400, 'invalid-input'],
    [401, 'unavailable'],
    [403, 'unavailable'],
    [404, 'unavailable'],
    [409, 'invalid-input'],
    [415, 'invalid-input'],
    [429, 'unavailable'],
    [503, 'unavailable'],
  ])('makes of a bare %i: %s', async (status, kind) => {
    answer = says(status);
    expect(await store()).toMatchObject({ kind: 'failed', failure: { kind } });
  });

  it('waits as long as the server wishes', async () => {
    answer = says(429, '', { 'retry-after': '7' });
    expect(await store()).toMatchObject({ kind: 'failed', retryAfterMs: 7_000 });
  });

  it('is unavailable where nobody answers in time, or at all', async () => {
    answer = () => undefined;
    expect(await store(archive({ answerTimeoutMs: 100 }))).toMatchObject({ failure: { kind: 'unavailable' } });
    const nobody = archive({ baseUrl: 'http://127.0.0.1:9/dicom-web' });
    expect(await store(nobody)).toMatchObject({
      failure: { kind: 'unavailable', message: expect.stringContaining('ECONNREFUSED') },
    });
    await expect(nobody.reach()).rejects.toThrow();
  });

  it('asks for a new token once where one is refused', async () => {
    const refused: string[] = [];
    const token = {
      get: async () => `token-${refused.length + 1}`,
      refused: (one: string) => refused.push(one),
    } as unknown as BackendToken;
    answer = (request, body, response) =>
      says(request.headers.authorization === 'Bearer token-2' ? 200 : 401)(request, body, response);
    expect(await store(archive({ token }))).toMatchObject({ kind: 'answered' });
    expect(refused).toEqual(['token-1']);
    answer = says(401);
    expect(await store(archive({ token }))).toMatchObject({ failure: { kind: 'unavailable' } });
  });

  it('reaches a server that refuses whom it does not know, and none that is broken', async () => {
    answer = says(401);
    await expect(archive().reach()).resolves.toBeUndefined();
    answer = says(503);
    await expect(archive().reach()).rejects.toThrow('503');
  });
});
