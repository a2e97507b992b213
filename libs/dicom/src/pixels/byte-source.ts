/** Bytes that are read in parts: a file, an object of a store, or memory. */
export interface ByteSource {
  /** In bytes. */
  readonly size: number;
  /** `length` bytes from `offset`; fewer only where the source ends. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}
