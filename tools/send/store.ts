import { readFileMeta, readHeader } from '@sightline/dicom';
import { Scu } from '../corpus/scu.ts';

export interface Peer {
  readonly host: string;
  readonly port: number;
  readonly aeTitle: string;
}

export interface Instance {
  /** For people. */
  readonly name: string;
  readonly studyInstanceUid: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly dataSet: Uint8Array;
}

/** A Part 10 file as what C-STORE sends of it, or why it is none. */
export function readInstance(
  name: string,
  file: Buffer,
): { kind: 'instance'; instance: Instance } | { kind: 'invalid'; reason: string } {
  const meta = readFileMeta(file);
  if (meta.kind === 'invalid') {
    return meta;
  }
  const read = readHeader(file);
  if (read.kind === 'invalid') {
    return read;
  }
  const { studyInstanceUid, sopClassUid, sopInstanceUid, transferSyntaxUid } = read.header;
  const dataSet = file.subarray(meta.meta.dataSetOffset);
  return {
    kind: 'instance',
    instance: { name, studyInstanceUid, sopClassUid, sopInstanceUid, transferSyntaxUid, dataSet },
  };
}

export interface Refusal {
  readonly name: string;
  readonly reason: string;
}

/** PS3.8 9.3.2: context ids are odd and at most 255. */
const MOST_CONTEXTS = 128;

/** Sends all over one association where 128 presentation contexts suffice; answers what was not taken. */
export async function storeAll(peer: Peer, instances: readonly Instance[]): Promise<Refusal[]> {
  const byContext = Map.groupBy(
    instances,
    ({ sopClassUid, transferSyntaxUid }) => `${sopClassUid} ${transferSyntaxUid}`,
  );
  const contexts = [...byContext.values()];
  const refusals: Refusal[] = [];
  for (let at = 0; at < contexts.length; at += MOST_CONTEXTS) {
    refusals.push(...(await storeOverOneAssociation(peer, contexts.slice(at, at + MOST_CONTEXTS).flat())));
  }
  return refusals;
}

async function storeOverOneAssociation(peer: Peer, instances: readonly Instance[]): Promise<Refusal[]> {
  const pairs = new Map(
    instances.map(({ sopClassUid, transferSyntaxUid }): [string, [string, string]] => [
      `${sopClassUid} ${transferSyntaxUid}`,
      [sopClassUid, transferSyntaxUid],
    ]),
  );
  const scu = await Scu.associate(peer, [...pairs.values()]);
  const refusals: Refusal[] = [];
  for (const instance of instances) {
    const { name, sopClassUid, transferSyntaxUid } = instance;
    if (!scu.accepts(sopClassUid, transferSyntaxUid)) {
      refusals.push({
        name,
        reason: `SOP class ${sopClassUid} in transfer syntax ${transferSyntaxUid} was not accepted`,
      });
      continue;
    }
    const answer = await scu.store(instance);
    if (answer === undefined) {
      refusals.push({ name, reason: 'the association ended' });
      return refusals;
    }
    if (answer.status !== 0) {
      const status = answer.status.toString(16).toUpperCase().padStart(4, '0');
      refusals.push({ name, reason: `status ${status}${answer.comment === '' ? '' : `: ${answer.comment}`}` });
    }
  }
  await scu.release();
  return refusals;
}
