import { randomUUID } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import type { DicomObject } from '@sightline/dicom-results';
import { failed } from '@sightline/messaging';
import { describeError } from '@sightline/platform';
import type { Errand } from '../deliveries/destination.ts';
import { NoToken, type BackendToken } from '../fhir/backend-token.ts';
import { retryAfterMs } from '../fhir/retry-after.ts';
import type { Archive, Stored } from './archive.ts';
import { sendRequest, type HttpAnswer } from './send-request.ts';
import { readStowAnswer, type StowAnswer } from './stow-answer.ts';

export interface StowArchiveOptions {
  /** Of DICOMweb; studies are below it. */
  baseUrl: string;
  token?: BackendToken;
  tls?: Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> & { servername?: string };
  answerTimeoutMs: number;
}

/** How long readiness waits for an answer, whatever it is. */
const reachMs = 2_000;

/** An archive that takes objects by DICOMweb: Store Instances (PS3.18 10.5). */
export class StowArchive implements Archive {
  constructor(private readonly options: StowArchiveOptions) {}

  /** A server that refuses whom it does not know is there. */
  async reach(): Promise<void> {
    const { baseUrl, tls } = this.options;
    const { status } = await sendRequest(`${baseUrl}/studies?limit=1`, {
      method: 'GET',
      headers: { accept: 'application/dicom+json' },
      signal: AbortSignal.timeout(reachMs),
      ...tls,
    });
    if (status >= 500) throw new Error(`DICOMweb server answered ${status}`);
  }

  async store(studyInstanceUid: string, objects: readonly DicomObject[], errand: Errand): Promise<Stored> {
    const answer = await this.post(studyInstanceUid, objects, errand).catch((error: unknown) =>
      failed('unavailable', `DICOMweb server not reached: ${sayError(error)}`),
    );
    if ('kind' in answer) return answer;
    if (answer.status !== 413 || objects.length < 2) return understood(answer, objects);
    // What is too large together may be taken one by one.
    const half = Math.ceil(objects.length / 2);
    const first = await this.store(studyInstanceUid, objects.slice(0, half), errand);
    if (first.kind === 'failed') return first;
    const second = await this.store(studyInstanceUid, objects.slice(half), errand);
    if (second.kind === 'failed') return first;
    const { stored, refused } = second;
    return { kind: 'answered', stored: [...first.stored, ...stored], refused: [...first.refused, ...refused] };
  }

  private async post(
    studyInstanceUid: string,
    objects: readonly DicomObject[],
    errand: Errand,
    mayRenew = true,
  ): Promise<HttpAnswer> {
    const { baseUrl, token, tls, answerTimeoutMs } = this.options;
    const signal = AbortSignal.any([errand.signal, AbortSignal.timeout(answerTimeoutMs)]);
    const bearer = await token?.get(signal);
    const boundary = randomUUID();
    const headers = {
      accept: 'application/dicom+json',
      'content-type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    };
    const answer = await sendRequest(
      `${baseUrl}/studies/${studyInstanceUid}`,
      { method: 'POST', headers, signal, ...tls },
      multipart(boundary, objects),
    );
    if (answer.status !== 401 || bearer === undefined || !mayRenew) return answer;
    token?.refused(bearer);
    return this.post(studyInstanceUid, objects, errand, false);
  }
}

function multipart(boundary: string, objects: readonly DicomObject[]): Buffer {
  const parts = objects.flatMap(({ bytes }) => [
    Buffer.from(`--${boundary}\r\ncontent-type: application/dicom\r\n\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]);
}

function understood({ status, text, retryAfter }: HttpAnswer, objects: readonly DicomObject[]): Stored {
  const said = readStowAnswer(parseJson(text));
  switch (true) {
    case status === 200:
      // All of them, whether or not it names them (PS3.18 Table 10.5.3-1).
      return { kind: 'answered', ...(said ?? all(objects)) };
    case status > 200 && status < 300:
      return said === undefined
        ? failed('unavailable', `DICOMweb server answered ${status} and did not say what it stored`)
        : { kind: 'answered', ...said };
    case status === 409 && said !== undefined:
      return { kind: 'answered', ...said };
    // No such service, no right to use it: the site's configuration, which mends when somebody sets it right.
    case [401, 403, 404, 405, 408, 425, 429].includes(status) || status >= 500 || status < 400: {
      const wish = retryAfterMs(retryAfter);
      const failure = failed('unavailable', `DICOMweb server answered ${status}`);
      return wish === undefined ? failure : { ...failure, retryAfterMs: wish };
    }
    default:
      return failed('invalid-input', `DICOMweb server refused with ${status}`);
  }
}

function all(objects: readonly DicomObject[]): StowAnswer {
  return { stored: objects.map(({ sopInstanceUid }) => sopInstanceUid), refused: [] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Never an error's own text where it may quote an address with a login in it. */
function sayError(error: unknown): string {
  if (error instanceof NoToken) return error.message;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : describeError(error);
}
