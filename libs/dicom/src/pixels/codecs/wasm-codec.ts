import { Undecodable } from '../unsupported.ts';

/** Memory of a WebAssembly module never shrinks: one that grew beyond is let go after its frame. */
const mostHeapKept = 256 << 20;

interface Module {
  HEAPU8: Uint8Array;
}

/**
 * A codec compiled to WebAssembly, loaded when a frame first needs it. Native code that met bytes it does not understand may leave
 * its memory in any state, so its module is not used again.
 */
export class WasmCodec<M extends Module> {
  #module: Promise<M> | undefined;
  readonly #name: string;
  readonly #load: () => Promise<M>;

  constructor(name: string, load: () => Promise<M>) {
    this.#name = name;
    this.#load = load;
  }

  /** What `work` copies out of the module; whatever the native code throws is a refusal. */
  async run<T>(work: (module: M) => T): Promise<T> {
    const loading = (this.#module ??= this.#load());
    const module = await loading;
    try {
      const result = work(module);
      if (module.HEAPU8.length > mostHeapKept) this.#module = undefined;
      return result;
    } catch (error) {
      if (this.#module === loading) this.#module = undefined;
      if (error instanceof Undecodable) throw error;
      throw new Undecodable(`${this.#name} cannot decode the frame`);
    }
  }
}

/** Native code says what it does on the console, which is not its place. The module is made of the object: one for each. */
export function silently(): { print(): void; printErr(): void } {
  return { print: () => undefined, printErr: () => undefined };
}
