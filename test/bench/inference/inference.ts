import { availableParallelism, cpus, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadModel, type Model } from '@sightline/inference';
import { keepSection, textOf } from '../section.ts';
import { batchingTable } from './batching.ts';
import { memoryOver } from './memory.ts';
import { ratioToPython } from './ratio-to-python.ts';
import { sectionOf, type Figures } from './section.ts';
import { xraySeconds } from './xray-seconds.ts';

const root = join(import.meta.dirname, '../../..');

/**
 * What inference costs, on the processors of this machine. `npm run bench -- inference [--json] [--studies 10000] [--batch 4]
 * [--threads N] [--model NAME] [--write]`; `--studies 0` leaves the memory out, `--write` keeps the figures in docs/benchmarks.md.
 */
export async function benchInference(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  const model = await modelNamed(options.model);
  const say = (what: string): boolean => process.stderr.write(`${what} …\n`);
  say('throughput beside Python');
  const ratio = await ratioToPython(model, options.batch, options.threads);
  say('radiographs');
  const xray = await xraySeconds(model, options.threads, 60);
  say('batches');
  const batching = await batchingTable(model, options.threads);
  // A quiet machine has the number of threads; beyond it the figures are those of what else ran, too.
  const loadAverage = loadavg()[0] ?? Number.NaN;
  const memory = options.studies === 0 ? undefined : await memoryOver(model, options.threads, options.studies);
  const figures: Figures = {
    model: `${model.manifest.name}@${model.manifest.version}`,
    machine: `${options.threads} threads of ${cpus()[0]?.model ?? 'an unknown processor'}`,
    loadAverage,
    ...ratio,
    ...xray,
    batching,
    ...(memory !== undefined && { memory }),
  };
  const section = sectionOf(figures);
  if (options.write) await keepSection(section);
  process.stdout.write(options.json ? `${JSON.stringify(figures)}\n` : textOf(section));
}

function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      model: { type: 'string', default: 'chest-xray-paediatric' },
      studies: { type: 'string', default: '10000' },
      batch: { type: 'string', default: '4' },
      threads: { type: 'string', default: String(availableParallelism()) },
    },
  });
  return { ...values, studies: Number(values.studies), batch: Number(values.batch), threads: Number(values.threads) };
}

async function modelNamed(name: string): Promise<Model> {
  const loaded = await loadModel(resolve(root, 'models', name));
  if (loaded.kind === 'refused') throw new Error(loaded.line);
  return loaded.model;
}
