import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { decodeMonochromePixels } from '@sightline/dicom';
import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import type { Answer, Tensor } from './runtime.ts';
import type { SessionJob, SessionModel, SessionReply } from './session-protocol.ts';

/** The script of ProcessRuntime's process: one job at a time, sessions kept by file. */
const sessions = new Map<string, InferenceSession>();

process.on('message', (job: SessionJob) => {
  void answerJob(job).then((reply) => process.send?.(reply));
});
process.on('disconnect', () => process.exit(0));
// A terminal tells the whole group; when to stop is the parent's to say, after its last result.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
endWithParent();

async function answerJob(job: SessionJob): Promise<SessionReply> {
  try {
    switch (job.kind) {
      case 'load':
        await sessionOf(job.model);
        return { kind: 'loaded' };
      case 'decode':
        return { kind: 'decoded', pixels: decodeMonochromePixels(job.object) };
      case 'run':
        return { kind: 'answered', answer: await run(job.model, job.image) };
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'failed', failure: { kind: 'defect', message: `inference: ${message.slice(0, 300)}` } };
  }
}

async function run(model: SessionModel, image: Tensor): Promise<Answer> {
  const session = await sessionOf(model);
  const said = await session.run({ [model.input]: new OnnxTensor('float32', image.data, image.dims) });
  return {
    logits: tensorOf(said[model.outputs.logits], model.outputs.logits),
    activation: tensorOf(said[model.outputs.activation], model.outputs.activation),
    embedding: tensorOf(said[model.outputs.embedding], model.outputs.embedding),
  };
}

async function sessionOf(model: SessionModel): Promise<InferenceSession> {
  const known = sessions.get(model.path);
  if (known !== undefined) return known;
  const bytes = await readFile(model.path);
  if (createHash('sha256').update(bytes).digest('hex') !== model.sha256) throw new Error('the model file was changed');
  const session = await InferenceSession.create(bytes, { executionProviders: ['cpu'], logSeverityLevel: 3 });
  sessions.set(model.path, session);
  return session;
}

function tensorOf(value: OnnxTensor | undefined, name: string): Tensor {
  if (value === undefined || !(value.data instanceof Float32Array))
    throw new Error(`the graph gives no float output ${name}`);
  return { dims: value.dims, data: value.data };
}

/** Native code sees no message: a thread of its own looks whether the parent still lives, and ends this process if not. */
function endWithParent(): void {
  const watch = `const parent = ${process.ppid};
    setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 500);`;
  new Worker(watch, { eval: true, execArgv: [] }).unref();
}
