import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { explicitVrLittleEndian, transferSyntaxName } from '@sightline/dicom';
import { certificateAuthority, type Authority } from '../../../test/support/certificates.ts';
import { dataSetOf, outgoing, peerAt, transferSyntaxOf } from '../../../test/support/outgoing.ts';
import { startStoreScp, type StoreScp } from '../../../test/support/storescp.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { echo, requestCommitment, storeInstances, type OutgoingInstance, type StoredInstance } from './index.ts';

const golden = join(import.meta.dirname, '../../dicom/golden');
const signal = new AbortController().signal;

let directory: TemporaryDirectory;
/** One file of every transfer syntax and kind of pixels. */
let instances: OutgoingInstance[] = [];
let scp: StoreScp | undefined;

beforeAll(async () => {
  directory = await temporaryDirectory('storescp');
  const files = (await readdir(golden)).filter((name) => name.endsWith('.dcm'));
  instances = await Promise.all(files.map(async (name) => outgoing(await readFile(join(golden, name)))));
});

afterEach(async () => {
  await scp?.stop();
});

afterAll(async () => {
  await directory.remove();
});

async function start(...args: string[]): Promise<StoreScp> {
  scp = await startStoreScp(directory.path, args);
  return scp;
}

async function storeAll(peer: StoreScp): Promise<StoredInstance[]> {
  const stored = await storeInstances(peerAt(peer), instances, signal);
  if (stored.kind === 'unavailable') throw new Error(stored.reason);
  return stored.instances;
}

function fileOf({ sopInstanceUid }: { sopInstanceUid: string }): Uint8Array {
  const sent = instances.find((instance) => instance.sopInstanceUid === sopInstanceUid);
  if (sent === undefined) throw new Error('never sent');
  return sent.part10;
}

/** What DCMTK 3.6.7 does not take: most of it is newer. */
const notTaken =
  /High-Throughput|Deflated Image Frame|Encapsulated Uncompressed|JPEG Lossless, Non-Hierarchical \(Process 14\)$/;

describe('storescp of DCMTK', () => {
  it('gets every object whole, in the transfer syntax it is in', async () => {
    const peer = await start('--accept-all');
    const answers = await storeAll(peer);
    expect(answers.map(({ sopInstanceUid }) => sopInstanceUid)).toEqual(
      instances.map(({ sopInstanceUid }) => sopInstanceUid),
    );
    const kept = await peer.stored();
    const taken = instances.filter(({ part10 }) => !notTaken.test(transferSyntaxName(transferSyntaxOf(part10))));
    expect([...kept.keys()].sort()).toEqual(taken.map(({ sopInstanceUid }) => sopInstanceUid).sort());
    for (const [sopInstanceUid, file] of kept) {
      const sent = fileOf({ sopInstanceUid });
      expect(transferSyntaxOf(file)).toBe(transferSyntaxOf(sent));
      expect(Buffer.compare(dataSetOf(file), dataSetOf(sent))).toBe(0);
    }
    for (const answer of answers) {
      if (kept.has(answer.sopInstanceUid)) expect(answer.kind).toBe('stored');
      else
        expect(answer).toMatchObject({
          kind: 'refused',
          status: 0x0122,
          mayPass: false,
          comment: 'the peer does not take this SOP class in this transfer syntax',
        });
    }
  });

  it('gets an object of many megabytes, in no more than it takes at a time', async () => {
    const peer = await start('--max-pdu', '4096');
    const [template] = instances.filter(({ part10 }) => transferSyntaxOf(part10) === explicitVrLittleEndian);
    if (template === undefined) throw new Error('no golden file');
    // A private element of 40 MB behind everything else (PS3.5 7.8).
    const value = Buffer.alloc(40_000_000, 'x');
    const header = Buffer.from([0xe1, 0x7f, 0x01, 0x10, 0x4f, 0x42, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32LE(value.length, 8);
    const part10 = Buffer.concat([template.part10, header, value]);
    const stored = await storeInstances(peerAt(peer), [{ ...template, part10 }], signal);
    expect(stored).toEqual({
      kind: 'answered',
      instances: [{ sopInstanceUid: template.sopInstanceUid, kind: 'stored' }],
    });
    const kept = (await peer.stored()).get(template.sopInstanceUid) ?? Buffer.alloc(0);
    expect(Buffer.compare(dataSetOf(kept), dataSetOf(part10))).toBe(0);
  });

  it('gets those it takes where it takes no compressed ones', async () => {
    const answers = await storeAll(await start());
    const syntaxesOf = (kind: StoredInstance['kind']): string[] => [
      ...new Set(answers.filter((answer) => answer.kind === kind).map((answer) => transferSyntaxOf(fileOf(answer)))),
    ];
    expect(syntaxesOf('stored').sort()).toEqual(['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2']);
    expect(syntaxesOf('refused')).toContain('1.2.840.10008.1.2.4.50');
  });

  it('answers C-ECHO', async () => {
    expect(await echo(peerAt(await start()), signal)).toBe('ok');
  });

  it('refuses to commit: it knows no storage commitment', async () => {
    const request = { transactionUid: '2.25.1', instances };
    expect(await requestCommitment(peerAt(await start()), request, { awaitMs: 0, signal })).toEqual({
      kind: 'refused',
      status: 0x0122,
      mayPass: false,
    });
  });

  it.each([
    ['--refuse', /^the association was rejected/],
    ['--abort-during', /^the peer (aborted|closed the connection)$/],
    ['--abort-after', /^the peer (aborted|closed the connection)$/],
  ])('that is started with %s is unavailable', async (argument, reason) => {
    const stored = await storeInstances(peerAt(await start(argument)), instances, signal);
    expect(stored).toEqual({ kind: 'unavailable', reason: expect.stringMatching(reason) });
  });

  it('that stands still is unavailable once its time is up', async () => {
    const peer = await start();
    peer.pause();
    const answer = await storeInstances(peerAt(peer, { answerTimeoutMs: 300 }), instances, signal);
    expect(answer).toEqual({ kind: 'unavailable', reason: 'the peer said nothing in time' });
  });

  it('that is gone is unavailable', async () => {
    const peer = await start();
    await peer.stop();
    expect(await storeInstances(peerAt(peer), instances, signal)).toMatchObject({ kind: 'unavailable' });
    expect(await echo(peerAt(peer), signal)).toMatchObject({ kind: 'unavailable' });
  });
});

describe('storescp of DCMTK behind TLS', () => {
  let authority: Authority;

  beforeAll(async () => {
    authority = await certificateAuthority(directory.path, 'hospital');
  });

  /** It believes its authority alone, and whoever calls has to show a certificate. */
  async function startTls(): Promise<StoreScp> {
    const { cert, key } = await authority.issue('pacs');
    const file = (name: string): string => join(directory.path, name);
    await writeFile(file('pacs-cert.pem'), cert);
    await writeFile(file('pacs-key.pem'), key);
    await writeFile(file('ca.pem'), authority.ca);
    const identity = ['--enable-tls', file('pacs-key.pem'), file('pacs-cert.pem')];
    return start(...identity, '--add-cert-file', file('ca.pem'), '--require-peer-cert', '--accept-all');
  }

  it('gets every object whole from whom it believes', async () => {
    const peer = await startTls();
    const { cert, key } = await authority.issue('sightline');
    const tls = { ca: authority.ca, cert, key };
    const stored = await storeInstances(peerAt(peer, { tls }), instances, signal);
    expect(stored).toMatchObject({ kind: 'answered' });
    const kept = await peer.stored();
    expect(kept.size).toBeGreaterThan(30);
    for (const [sopInstanceUid, file] of kept) {
      expect(Buffer.compare(dataSetOf(file), dataSetOf(fileOf({ sopInstanceUid })))).toBe(0);
    }
  });

  it('gets nothing from us where its certificate is not one we believe', async () => {
    const peer = await startTls();
    const { cert, key } = await authority.issue('sightline');
    const stranger = await certificateAuthority(directory.path, 'stranger');
    const tls = { ca: stranger.ca, cert, key };
    expect(await storeInstances(peerAt(peer, { tls }), instances, signal)).toMatchObject({ kind: 'unavailable' });
    expect((await peer.stored()).size).toBe(0);
  });

  it('gets nothing from whom it does not believe', async () => {
    const peer = await startTls();
    const tls = { ca: authority.ca };
    expect(await storeInstances(peerAt(peer, { tls }), instances, signal)).toMatchObject({ kind: 'unavailable' });
    expect(await storeInstances(peerAt(peer, { answerTimeoutMs: 2_000 }), instances, signal)).toMatchObject({
      kind: 'unavailable',
    });
    expect((await peer.stored()).size).toBe(0);
  });
});
