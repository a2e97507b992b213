import { PixelReader, type DecodedFrame, type WantedFrames } from '../pixel-reader.ts';
import type { Computed } from '../runtime.ts';
import { ForkedProcess } from './forked-process.ts';
import type { PixelJob, PixelReply } from './pixel-protocol.ts';
import { WorkProcess } from './work-process.ts';

/** A frame of the largest radiographs and slides takes a tenth of this, decoded and rescaled. */
const memoryLimitMiB = 2_048;

/** Decodes in a process of its own: a codec that crashes or never ends is killed, and the next object finds a new one. */
export class ProcessPixelReader extends PixelReader {
  readonly #process: WorkProcess<PixelJob, PixelReply>;

  constructor(memoryLimit = memoryLimitMiB * 2 ** 20) {
    super();
    this.#process = new WorkProcess(
      'the decoding process',
      () => new ForkedProcess(new URL('./pixel-process.ts', import.meta.url), { parameters: [String(memoryLimit)] }),
    );
  }

  async decode(object: Uint8Array, wanted: WantedFrames, signal: AbortSignal): Promise<Computed<DecodedFrame[]>> {
    const reply = await this.#process.ask({ object, ...wanted }, signal);
    return reply.kind === 'decoded' ? { kind: 'computed', value: reply.frames } : reply;
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}
