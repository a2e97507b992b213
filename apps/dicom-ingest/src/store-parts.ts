import { readFileMeta } from '@sightline/dicom';
import type { Source } from './audit.ts';
import { parseContentType, readParts, type Part } from './multipart-related.ts';
import type { Received, ReceiveInstance } from './receive-instance.ts';

export interface StoreRequest {
  boundary: string;
  studyInstanceUid?: string;
  /** Who sends, by access token. */
  subject: string;
  address: string;
}

/** File meta information is a few hundred bytes. */
const longestMeta = 16_384;

/** Takes every part of a multipart body through the same way as C-STORE, one after the other. */
export class StoreParts {
  constructor(private readonly receiveInstance: ReceiveInstance) {}

  /** One result per part. Rejects with MalformedMultipart. */
  async store(body: AsyncIterable<Uint8Array>, request: StoreRequest): Promise<Received[]> {
    const results: Received[] = [];
    for await (const part of readParts(body, request.boundary)) results.push(await this.storePart(part, request));
    return results;
  }

  private async storePart(part: Part, { studyInstanceUid, subject, address }: StoreRequest): Promise<Received> {
    const { type } = parseContentType(part.headers.get('content-type') ?? 'application/dicom');
    if (type !== 'application/dicom')
      return { kind: 'refused', refusal: 'malformed', reason: `a part of type ${type}` };
    const { head, rest } = await splitHead(part.body);
    const read = readFileMeta(head);
    if (read.kind === 'invalid') return { kind: 'refused', refusal: 'malformed', reason: read.reason };
    const { dataSetOffset, transferSyntaxUid } = read.meta;
    const source: Source = { kind: 'person', name: subject, address };
    return this.receiveInstance.receive(
      {
        transferSyntaxUid,
        fileMeta: head.subarray(0, dataSetOffset),
        source,
        ...(studyInstanceUid !== undefined && { studyInstanceUid }),
      },
      joined(head.subarray(dataSetOffset), rest),
    );
  }
}

/** The first bytes of a part, enough for its file meta information, and an iterator of the others. */
async function splitHead(body: AsyncIterable<Uint8Array>): Promise<{ head: Buffer; rest: AsyncIterator<Uint8Array> }> {
  const rest = body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < longestMeta) {
    const next = await rest.next();
    if (next.done === true) break;
    chunks.push(next.value);
    length += next.value.byteLength;
  }
  return { head: Buffer.concat(chunks), rest };
}

async function* joined(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.byteLength > 0) yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}
