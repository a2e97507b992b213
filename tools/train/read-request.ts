import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const usage = `npm run train -- <model> --data DIR [--sets DIR] [--version X.Y.Z] [--from STEP] [--dry-run]

Runs the recipe that makes a model, step by step, into models/<model>. DIR holds labels.csv and what it names; --sets is the folder of the
other data sets, by default the one DIR is in. Ends with 0 when every step did, 1 at the first that failed, 2 when not understood.`;

export interface Request {
  model: string;
  data: string;
  sets: string;
  /** Absent: the one the recipe is written for. */
  version: string | undefined;
  from: string | undefined;
  dryRun: boolean;
}

const options = {
  data: { type: 'string' },
  sets: { type: 'string' },
  version: { type: 'string' },
  from: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
} as const;

/** The command line as a request, or one line that says what is wrong with it. */
export function readRequest(args: readonly string[]): Request | string {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { values, positionals } = parsed;
  const [model, ...more] = positionals;
  if (model === undefined || more.length > 0) return 'name one model';
  if (values.data === undefined) return '--data is missing';
  const { version, from } = values;
  if (version !== undefined && !/^\d+\.\d+\.\d+$/.test(version)) return `--version ${version} is not MAJOR.MINOR.PATCH`;
  const data = resolve(values.data);
  return { model, data, sets: resolve(values.sets ?? resolve(data, '..')), version, from, dryRun: values['dry-run'] };
}
