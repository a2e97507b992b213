import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ForkedProcess } from './forked-process.ts';
import { outOfMemorySignal } from './live-with-parent.ts';
import type { PixelJob, PixelReply } from './pixel-protocol.ts';
import { WorkProcess } from './work-process.ts';

const never = new AbortController().signal;
/** No image at all, which the process answers with what is wrong with it. */
const job: PixelJob = { object: new Uint8Array(), frames: [1], grey: { kind: 'display' } };
const answer = { kind: 'decoded', frames: [{ kind: 'unsupported' }] };

describe('WorkProcess', () => {
  let work: WorkProcess<PixelJob, PixelReply>;

  beforeEach(() => {
    const script = new URL('./pixel-process.ts', import.meta.url);
    work = new WorkProcess('the process', () => new ForkedProcess(script, { parameters: [String(2 ** 30)] }));
  });

  afterEach(() => work.close());

  /** Dead before its end can be heard of here: the event loop stands still meanwhile. */
  function endUnheard(by: NodeJS.Signals): void {
    const { processId } = work;
    if (processId === undefined) throw new Error('no process works');
    process.kill(processId, by);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  }

  it('says why a process ended, not that it could not be written to, and asks the next job of another', async () => {
    expect(await work.ask(job, never)).toMatchObject(answer);
    endUnheard(outOfMemorySignal);
    expect(await work.ask(job, never)).toMatchObject({
      failure: { kind: 'unavailable', message: 'the process needed more memory than it may take' },
    });
    expect(await work.ask(job, never)).toMatchObject(answer);
  });

  it('says that a process could not be written to where its end says no more', async () => {
    expect(await work.ask(job, never)).toMatchObject(answer);
    endUnheard('SIGKILL');
    expect(await work.ask(job, never)).toMatchObject({
      failure: { kind: 'unavailable', message: expect.stringMatching(/^the process cannot be reached \(/) },
    });
    expect(await work.ask(job, never)).toMatchObject(answer);
  });
});
