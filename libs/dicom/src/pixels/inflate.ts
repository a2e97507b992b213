import { Undecodable } from './unsupported.ts';

/**
 * Turns deflated bytes (RFC 1951, PS3.5 A.5) back, at most `limit` of them: what would grow beyond is refused when it does, not
 * after. Bytes after the end of the deflated stream are padding.
 */
export async function inflate(deflated: Uint8Array, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of inflated(deflated)) {
      length += chunk.length;
      if (length > limit) throw new Undecodable(`the deflated bytes grow beyond ${limit}`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Undecodable) throw error;
    if (!onlyPaddingFollows(error)) throw new Undecodable('the deflated bytes do not inflate');
  }
  return joined(chunks, length);
}

function inflated(deflated: Uint8Array): AsyncIterable<Uint8Array> {
  const inflater = new DecompressionStream('deflate-raw');
  const writer = inflater.writable.getWriter();
  // Their failures come out of the readable side as well.
  writer.write(new Uint8Array(deflated)).catch(() => undefined);
  writer.close().catch(() => undefined);
  return inflater.readable as AsyncIterable<Uint8Array>;
}

/** The stream fails on bytes after its end, of which a data set of even length has one; all of its output has come by then. */
function onlyPaddingFollows(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_TRAILING_JUNK_AFTER_STREAM_END'
  );
}

export function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
