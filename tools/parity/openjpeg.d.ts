/** The part of the package's encoder that is used here; it ships no types. */
declare module '@cornerstonejs/codec-openjpeg/wasmjs' {
  interface Frame {
    width: number;
    height: number;
    bitsPerSample: number;
    componentCount: number;
    isSigned: boolean;
  }
  interface Encoder {
    getDecodedBuffer(frame: Frame): Uint8Array;
    getEncodedBuffer(): Uint8Array;
    /** Lossless, or the rate of each layer. */
    setQuality(lossless: boolean, rate: number): void;
    setDecompositions(count: number): void;
    encode(): void;
    delete(): void;
  }
  export default function create(): Promise<{ J2KEncoder: new () => Encoder }>;
}
