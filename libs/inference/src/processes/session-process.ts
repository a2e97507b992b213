import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { env, InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import type { Answer, Loaded, Tensor } from '../runtime.ts';
import { liveWithParent } from './live-with-parent.ts';
import { ScratchReader } from './scratch-reader.ts';
import type { ExecutionProvider, SessionJob, SessionModel, SessionReply, SessionSettings } from './session-protocol.ts';

/** Of the descriptor that ForkedProcess hands on. */
const scratch = new ScratchReader(4);

/** The script of a model's process: one model, one job at a time. Its argument is the memory it may take, in bytes. */
let open: { session: InferenceSession; model: SessionModel } | undefined;

// What goes wrong is said once, in the reply.
env.logLevel = 'fatal';
process.on('message', (job: SessionJob) => {
  void answerJob(job).then((reply) => process.send?.(reply));
});
liveWithParent(Number(process.argv[2]));

async function answerJob(job: SessionJob): Promise<SessionReply> {
  try {
    switch (job.kind) {
      case 'load':
        return { kind: 'loaded', loaded: await load(job.model, job.settings) };
      case 'run':
        return { kind: 'answered', answer: await run(job.input) };
      case 'run-parcels':
        return { kind: 'answered', answer: await run({ dims: job.dims, data: scratch.numbers(job.parcels) }) };
    }
  } catch (error) {
    return { kind: 'failed', failure: { kind: 'defect', message: `inference: ${words(error)}` } };
  }
}

async function load(model: SessionModel, settings: SessionSettings): Promise<Loaded> {
  const bytes = await readFile(model.path);
  if (createHash('sha256').update(bytes).digest('hex') !== model.sha256) throw new Error('the model file was changed');
  const { session, loaded } = await createSession(bytes, settings);
  open = { session, model };
  for (const dims of settings.warmUp) {
    await run({ dims, data: new Float32Array(dims.reduce((product, dim) => product * dim, 1)) });
  }
  return loaded;
}

/** With the first provider that is here; those behind it take what it cannot compute. */
async function createSession(
  bytes: Uint8Array,
  { providers, threads }: SessionSettings,
): Promise<{ session: InferenceSession; loaded: Loaded }> {
  const missing: { provider: ExecutionProvider; why: string }[] = [];
  for (const [place, provider] of providers.entries()) {
    try {
      const session = await InferenceSession.create(bytes, sessionOptions(providers.slice(place), threads));
      return { session, loaded: { provider, missing } };
    } catch (error) {
      if (provider === 'cpu') throw error;
      missing.push({ provider, why: words(error) });
    }
  }
  throw new Error(`no execution provider: ${missing.map(({ provider, why }) => `${provider} (${why})`).join(', ')}`);
}

function sessionOptions(providers: ExecutionProvider[], threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: providers,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // A pattern is kept per shape of input, and images come in any.
    enableMemPattern: false,
    logSeverityLevel: 4,
  };
}

async function run(input: Tensor): Promise<Answer> {
  if (open === undefined) throw new Error('no model is loaded');
  const { session, model } = open;
  const said = await session.run({ [model.input]: new OnnxTensor('float32', input.data, input.dims) });
  const rows = input.dims[0] ?? 0;
  const tensor = (name: string): Tensor => tensorOf(said[name], name, rows);
  const { logits, activation, embedding, scores } = model.outputs;
  return {
    logits: tensor(logits),
    activation: tensor(activation),
    embedding: tensor(embedding),
    scores: Object.fromEntries(scores.map((name) => [name, tensor(name)])),
  };
}

function tensorOf(value: OnnxTensor | undefined, name: string, rows: number): Tensor {
  if (value === undefined || !(value.data instanceof Float32Array))
    throw new Error(`the graph gives no float output ${name}`);
  if (value.dims[0] !== rows) throw new Error(`the graph gives ${value.dims[0]} rows of ${name} for ${rows}`);
  return { dims: value.dims, data: value.data };
}

/** One line, without the place in the runtime's own source it begins with. */
function words(error: unknown): string {
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').trim();
  return message.replace(/^\/onnxruntime_src\S+ .*?\) (?=[A-Z])/, '').slice(0, 300);
}
