/** The part of Cornerstone's WebAssembly build of OpenJPEG that is used; it ships no types. */
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  interface Decoder {
    getEncodedBuffer(length: number): Uint8Array;
    getDecodedBuffer(): Uint8Array;
    decode(): void;
    delete(): void;
  }
  interface OpenJpeg {
    HEAPU8: Uint8Array;
    J2KDecoder: new () => Decoder;
  }
  const create: (options: { print(line: string): void; printErr(line: string): void }) => Promise<OpenJpeg>;
  export default create;
}
