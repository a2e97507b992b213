import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadModel, ProcessPixelReader, ProcessRuntime, type Model, type Reader } from '@sightline/inference';
import { openDataSet, type DataSet } from './open-data-set.ts';
import { pipelineOf } from './pipeline-of.ts';
import { csvCell } from './read-labels.ts';
import { reportOf, sayReport } from './report.ts';
import { scoreSubject, type SubjectScore } from './score-subject.ts';

const usage = 'npm run evaluate -- <model> --data DIR [--split NAME] [--json] [--scores FILE] [--models DIR]';

/** One image or study, decoding and computing included. */
const subjectLimitMs = 120_000;
const progressEveryMs = 2_000;

class Refused extends Error {}

try {
  await evaluate();
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  process.stderr.write(`evaluate: ${error.message}\n`);
  process.exitCode = 2;
}

async function evaluate(): Promise<void> {
  const { model: name, data, split, json, scores, models } = readArguments();
  const model = await modelNamed(models, name);
  const opened = await openDataSet(data, split, model.manifest);
  if (opened.kind === 'malformed') throw new Refused(opened.reason);
  const scored = await scoreAll(model, opened.dataSet);
  if (scores !== undefined) await writeFile(scores, scoresCsv(model, scored));
  const report = reportOf(model.manifest, opened.dataSet, scored);
  process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : sayReport(report));
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        split: { type: 'string' },
        json: { type: 'boolean', default: false },
        scores: { type: 'string' },
        models: { type: 'string', default: join(import.meta.dirname, '../../models') },
      },
    });
    const [model, ...more] = positionals;
    if (model === undefined || more.length > 0) throw new Refused(`name one model. ${usage}`);
    if (values.data === undefined) throw new Refused(`--data is missing. ${usage}`);
    return { ...values, model, data: resolve(values.data) };
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(`${error instanceof Error ? error.message : String(error)} ${usage}`);
  }
}

async function modelNamed(folder: string, name: string): Promise<Model> {
  const loaded = await loadModel(resolve(folder, name));
  if (loaded.kind === 'refused') throw new Refused(loaded.line);
  return loaded.model;
}

async function scoreAll(model: Model, { folder, subjects }: DataSet): Promise<SubjectScore[]> {
  const runtime = new ProcessRuntime();
  const pixels = new ProcessPixelReader();
  const reader: Reader = { model, pipeline: pipelineOf(model), pixels, runtime };
  const scored: SubjectScore[] = [];
  let saidAt = 0;
  try {
    for (const subject of subjects) {
      scored.push(await scoreSubject(reader, folder, subject, AbortSignal.timeout(subjectLimitMs)));
      if (Date.now() - saidAt < progressEveryMs && scored.length < subjects.length) continue;
      saidAt = Date.now();
      process.stderr.write(`${scored.length} of ${subjects.length}\n`);
    }
  } finally {
    await Promise.all([runtime.close(), pixels.close()]);
  }
  return scored;
}

/** `name,refused,reason` and one probability per output, every image or study, so that anyone can recompute the figures. */
function scoresCsv({ manifest }: Model, scored: readonly SubjectScore[]): string {
  const keys = manifest.outputs.map(({ key }) => key);
  const lines = scored.map(({ name, refused, probabilities }) =>
    [name, refused === undefined ? '0' : '1', refused?.reason ?? '', ...keys.map((key) => String(probabilities[key]))]
      .map(csvCell)
      .join(','),
  );
  return `${[['name', 'refused', 'reason', ...keys].join(','), ...lines].join('\n')}\n`;
}
