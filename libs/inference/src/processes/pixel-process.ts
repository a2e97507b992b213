import { decodeFrames } from './decode-frames.ts';
import { liveWithParent } from './live-with-parent.ts';
import type { PixelJob, PixelReply } from './pixel-protocol.ts';

/** The script of ProcessPixelReader's process: one object at a time. Its argument is the memory it may take, in bytes. */
process.on('message', (job: PixelJob) => {
  void decode(job).then((reply) => process.send?.(reply));
});
liveWithParent(Number(process.argv[2]));

async function decode({ object, ...wanted }: PixelJob): Promise<PixelReply> {
  try {
    return { kind: 'decoded', frames: await decodeFrames(object, wanted) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'failed', failure: { kind: 'defect', message: `decoding: ${message.slice(0, 300)}` } };
  }
}
