import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** One part of a multipart body (RFC 2046 5.1), its bytes streamed. */
export interface Part {
  /** Lower-case name → value. */
  headers: ReadonlyMap<string, string>;
  body: AsyncIterable<Uint8Array>;
}

/** The body is no multipart of this boundary. */
export class MalformedMultipart extends Error {}

/** Leaves multipart/related bodies unread for the controller that streams them. */
export function takeMultipartStreams(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addContentTypeParser(/^multipart\/related/i, (_request: unknown, payload: unknown, done: Done) =>
      done(null, payload),
    );
}

type Done = (error: Error | null, body?: unknown) => void;

const longestHeaders = 16_384;
const blankLine = Buffer.from('\r\n\r\n');

/**
 * The parts of a multipart body one after the other, each to be read before the next; what is left unread of one is skipped. Holds
 * a chunk and a boundary's length at most. Throws MalformedMultipart.
 */
export async function* readParts(source: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<Part> {
  const reader = new PartReader(source, Buffer.from(`\r\n--${boundary}`));
  await reader.skipPreamble();
  while (await reader.startPart()) {
    const headers = await reader.headers();
    const body = reader.body();
    yield { headers, body };
    for await (const _ of body) continue;
  }
}

class PartReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** As if a line had ended before the first byte, so that a boundary may stand there. */
  #buffer: Buffer = Buffer.from('\r\n');
  #ended = false;

  constructor(
    source: AsyncIterable<Uint8Array>,
    private readonly delimiter: Buffer,
  ) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  async skipPreamble(): Promise<void> {
    for await (const _ of this.body()) continue;
  }

  /** After a delimiter: true where a part follows, false at the close. */
  async startPart(): Promise<boolean> {
    for (;;) {
      const end = this.#buffer.indexOf('\r\n');
      if (this.#buffer.subarray(0, 2).equals(Buffer.from('--'))) return false;
      if (end >= 0 && this.#buffer.subarray(0, end).toString('latin1').trim() === '') {
        // The line end stays: a part without headers has nothing before its blank line.
        this.#buffer = this.#buffer.subarray(end);
        return true;
      }
      if (this.#buffer.length > 1_024 || !(await this.#more())) throw new MalformedMultipart('a boundary is not ended');
    }
  }

  async headers(): Promise<Map<string, string>> {
    for (;;) {
      const end = this.#buffer.indexOf(blankLine);
      if (end >= 0) {
        const lines = this.#buffer.subarray(0, end).toString('latin1').split('\r\n').filter(Boolean);
        this.#buffer = this.#buffer.subarray(end + blankLine.length);
        return new Map(lines.map(headerOf));
      }
      if (this.#buffer.length > longestHeaders) throw new MalformedMultipart('the headers of a part are too long');
      if (!(await this.#more())) throw new MalformedMultipart('the body ends inside the headers of a part');
    }
  }

  /** Bytes up to the next delimiter, which is consumed; nothing when asked again. */
  body(): AsyncIterable<Uint8Array> {
    let done = false;
    const next = async (): Promise<IteratorResult<Uint8Array>> => {
      for (;;) {
        if (done) return { done: true, value: undefined };
        const at = this.#buffer.indexOf(this.delimiter);
        const length = at >= 0 ? at : this.#buffer.length - this.delimiter.length;
        if (length > 0) {
          const chunk = this.#buffer.subarray(0, length);
          this.#buffer = this.#buffer.subarray(length);
          return { done: false, value: chunk };
        }
        if (at === 0) {
          this.#buffer = this.#buffer.subarray(this.delimiter.length);
          done = true;
        } else if (!(await this.#more())) throw new MalformedMultipart('the body ends without its closing boundary');
      }
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const next = await this.#chunks.next();
    if (next.done === true) {
      this.#ended = true;
      return false;
    }
    this.#buffer = this.#buffer.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.#buffer, next.value]);
    return true;
  }
}

function headerOf(line: string): [string, string] {
  const colon = line.indexOf(':');
  if (colon < 1) throw new MalformedMultipart('a header of a part is malformed');
  return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
}

/** Type and parameters of a Content-Type (RFC 9110 8.3), names in lower case. */
export function parseContentType(text: string | undefined): { type: string; parameters: Map<string, string> } {
  const [type = '', ...rest] = (text ?? '').split(/;(?=(?:[^"]*"[^"]*")*[^"]*$)/);
  const parameters = new Map(
    rest.flatMap((parameter): [string, string][] => {
      const match = /^\s*([^=\s]+)\s*=\s*(?:"([^"]*)"|([^\s"]+))\s*$/.exec(parameter);
      return match?.[1] === undefined ? [] : [[match[1].toLowerCase(), match[2] ?? match[3] ?? '']];
    }),
  );
  return { type: type.trim().toLowerCase(), parameters };
}
