import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { uidFromUuid } from '@sightline/dicom';
import { dicomObjectsOf } from '@sightline/dicom-results';
import { createLogger } from '@sightline/platform';
import { resultCases, sha256 } from '../../../test/support/dicom-results.ts';
import { outgoing, peerAt } from '../../../test/support/outgoing.ts';
import { startPacs, type Pacs } from '../../../test/support/pacs.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { freePort } from '../../../tools/sandbox/parts/ports.ts';
import {
  echo,
  requestCommitment,
  Scp,
  storeInstances,
  type CommitmentAnswer,
  type CommitmentResult,
  type OutgoingInstance,
} from './index.ts';

const signal = new AbortController().signal;
const neverSent = { sopClassUid: '1.2.840.10008.5.1.4.1.1.88.34', sopInstanceUid: '2.25.4711' };
const noSuchObjectInstance = 0x0112;

let directory: TemporaryDirectory;
/** What we send to a PACS: a report and the pictures that go with it. */
let instances: OutgoingInstance[] = [];
let port = 0;
let scp: Scp;
let answer: CommitmentAnswer = 'success';
const reported: { result: CommitmentResult; callingAeTitle: string; address: string }[] = [];
const endings: string[] = [];

beforeAll(async () => {
  directory = await temporaryDirectory('storage-commitment');
  instances = await objectsOfAResult();
  port = await freePort();
  scp = new Scp(
    {
      host: '127.0.0.1',
      port,
      aeTitle: 'SIGHTLINE',
      requireCalledAeTitle: true,
      callingAeTitles: [],
      maxAssociations: 4,
      associateTimeoutMs: 5_000,
      idleTimeoutMs: 5_000,
      commitmentResult: async (result, from) => {
        reported.push({ result, ...from });
        return answer;
      },
      watch: { open: () => undefined, ended: (ending) => endings.push(ending) },
    },
    createLogger('test', 'error'),
  );
  await scp.listen();
});

afterAll(async () => {
  await scp.close(0);
  await directory.remove();
});

async function objectsOfAResult(): Promise<OutgoingInstance[]> {
  const { set, sources, pictures } = await resultCases['a radiograph']();
  const options = { digest: sha256, onlyReport: true, now: '2026-11-28T12:00:00Z' };
  const made = dicomObjectsOf(set, sources, pictures, [], options);
  if (made.kind === 'invalid' || made.structuredReport === undefined) throw new Error('no objects');
  const { structuredReport, segmentations, parametricMaps, secondaryCaptures, keyObjects } = made;
  const all = [structuredReport, ...segmentations, ...parametricMaps, ...secondaryCaptures, ...keyObjects];
  return all.map(({ bytes }) => outgoing(bytes));
}

function requestOf(asked: readonly { sopClassUid: string; sopInstanceUid: string }[]) {
  return {
    transactionUid: uidFromUuid(randomUUID()),
    instances: asked.map(({ sopClassUid, sopInstanceUid }) => ({ sopClassUid, sopInstanceUid })),
  };
}

function uidsOf(all: readonly { sopInstanceUid: string }[]): string[] {
  return all.map(({ sopInstanceUid }) => sopInstanceUid).toSorted();
}

function sorted({ transactionUid, committed, failed }: CommitmentResult): CommitmentResult {
  return { transactionUid, committed: committed.toSorted(), failed };
}

async function reportOf(transactionUid: string): Promise<(typeof reported)[number]> {
  const isOfIt = ({ result }: { result: CommitmentResult }): boolean => result.transactionUid === transactionUid;
  return waitFor(() => reported.find(isOfIt), { what: 'a result of storage commitment' });
}

describe.each([
  { make: 'Orthanc, which reports on an association of its own', sameAssociation: false },
  { make: 'pynetdicom, which reports on the same association', sameAssociation: true },
])('$make', ({ sameAssociation }) => {
  let pacs: Pacs;

  beforeAll(async () => {
    const own = join(directory.path, sameAssociation ? 'same' : 'own');
    pacs = await startPacs({ directory: own, client: { aeTitle: 'SIGHTLINE', port }, sameAssociation });
  }, 300_000);

  afterAll(async () => {
    await pacs?.stop();
  });

  /** The result, on whichever association it comes. */
  async function commit(request: ReturnType<typeof requestOf>): Promise<CommitmentResult> {
    const awaitMs = sameAssociation ? 20_000 : 0;
    const requested = await requestCommitment(peerAt(pacs), request, { awaitMs, signal });
    expect(requested.kind).toBe('requested');
    const result = requested.kind === 'requested' ? requested.result : undefined;
    expect(result !== undefined).toBe(sameAssociation);
    return sorted(result ?? (await reportOf(request.transactionUid)).result);
  }

  it('answers C-ECHO', async () => {
    expect(await echo(peerAt(pacs), signal)).toBe('ok');
  });

  it('stores everything of a result, and again as often as it is sent', async () => {
    for (const _ of ['first', 'again']) {
      const stored = await storeInstances(peerAt(pacs), instances, signal);
      expect(stored).toEqual({
        kind: 'answered',
        instances: instances.map(({ sopInstanceUid }) => ({ sopInstanceUid, kind: 'stored' })),
      });
    }
    expect([...(await pacs.stored()).keys()].toSorted()).toEqual(uidsOf(instances));
  });

  it('commits to what it has stored', async () => {
    const request = requestOf(instances);
    expect(await commit(request)).toEqual({
      transactionUid: request.transactionUid,
      committed: uidsOf(instances),
      failed: [],
    });
  });

  it('does not commit to what was never sent, and says why', async () => {
    const request = requestOf([...instances, neverSent]);
    expect(await commit(request)).toEqual({
      transactionUid: request.transactionUid,
      committed: uidsOf(instances),
      failed: [{ sopInstanceUid: neverSent.sopInstanceUid, reason: noSuchObjectInstance }],
    });
  });

  it('is told whether its report was taken', async () => {
    if (sameAssociation) {
      await waitFor(async () => (await readFile(pacs.logFile, 'utf8')).includes('report answered with 0\n'));
    } else {
      answer = 'processingFailure';
      const { transactionUid } = requestOf(instances);
      await requestCommitment(peerAt(pacs), { ...requestOf(instances), transactionUid }, { awaitMs: 0, signal });
      expect(await reportOf(transactionUid)).toMatchObject({ callingAeTitle: 'PACS', address: '127.0.0.1' });
      await waitFor(async () =>
        /cannot be handled by remote AET: SIGHTLINE/.test(await readFile(pacs.logFile, 'utf8')),
      );
      answer = 'success';
    }
  });

  it('rejects us under another title than its own, and is unavailable', async () => {
    const stranger = peerAt({ ...pacs, aeTitle: 'ANOTHER' });
    const outcome = await requestCommitment(stranger, requestOf(instances), { awaitMs: 0, signal });
    expect(outcome).toEqual({
      kind: 'unavailable',
      reason: 'the association was rejected for good: calledAeTitleNotRecognized',
    });
  });

  it('is unavailable while it stands still', async () => {
    pacs.pause();
    const peer = peerAt(pacs, { answerTimeoutMs: 300 });
    const outcome = await requestCommitment(peer, requestOf(instances), { awaitMs: 0, signal });
    pacs.resume();
    expect(outcome).toEqual({ kind: 'unavailable', reason: 'the peer said nothing in time' });
  });
});
