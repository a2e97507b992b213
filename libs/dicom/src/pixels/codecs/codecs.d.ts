/** The parts of Cornerstone's WebAssembly builds that are used; they ship no types. */
interface WasmModule {
  HEAPU8: Uint8Array;
}

interface WasmOptions {
  print(line: string): void;
  printErr(line: string): void;
}

interface WasmDecoder<Info> {
  getEncodedBuffer(length: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  decode(): void;
  getFrameInfo(): Info;
  delete(): void;
}

interface WasmFrameInfo {
  width: number;
  height: number;
  bitsPerSample: number;
  componentCount: number;
}

declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  interface OpenJpeg extends WasmModule {
    J2KDecoder: new () => WasmDecoder<WasmFrameInfo & { isSigned: boolean }>;
  }
  const create: (options: WasmOptions) => Promise<OpenJpeg>;
  export default create;
}

declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  interface CharLs extends WasmModule {
    JpegLSDecoder: new () => WasmDecoder<WasmFrameInfo> & { getInterleaveMode(): number };
  }
  const create: (options: WasmOptions) => Promise<CharLs>;
  export default create;
}
