import { join } from 'node:path';
import type { PythonEnvironment } from '../check/python-environment.ts';
import { runCommand } from '../check/run-command.ts';
import type { Request } from './read-request.ts';
import { modelsWithRecipe, readRecipe, recipeCommand, recipeEnvironment, type RecipeStep } from './recipes.ts';

export interface Workshop {
  /** The folder of the recipes' packages. */
  recipes: string;
  models: string;
  python: () => Promise<PythonEnvironment>;
  say: (line: string) => void;
  complain: (line: string) => void;
}

/** A step that never ends is a defect of its recipe; a day is more than any takes. */
const limitMs = 24 * 60 * 60_000;

/** Runs a recipe's steps in order, from the one asked for. Returns the exit code. */
export async function train(request: Request, workshop: Workshop): Promise<0 | 1 | 2> {
  const known = await modelsWithRecipe(workshop.recipes);
  if (!known.includes(request.model)) {
    workshop.complain(`train: no recipe for ${request.model}; there are: ${known.join(', ') || 'none'}`);
    return 2;
  }
  const { steps, version } = await readRecipe(workshop.recipes, request.model);
  const first = request.from === undefined ? 0 : steps.findIndex(({ name }) => name === request.from);
  if (first < 0) {
    workshop.complain(`train: no step ${request.from}; there are: ${steps.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  workshop.say(`${request.model} ${request.version ?? version}`);
  if (request.dryRun) {
    for (const [index, step] of steps.entries()) workshop.say(describe(step, index, index < first));
    return 0;
  }
  return (await runSteps(request, workshop, steps.slice(first))) ? 0 : 1;
}

async function runSteps(request: Request, workshop: Workshop, steps: readonly RecipeStep[]): Promise<boolean> {
  const environment = await workshop.python();
  if (environment.kind === 'missing') {
    workshop.complain(environment.line);
    return false;
  }
  const { model, data, sets, version } = request;
  const given = ['--data', data, '--sets', sets, '--models', workshop.models];
  if (version !== undefined) given.push('--version', version);
  for (const { name } of steps) {
    const started = performance.now();
    workshop.say(`… ${name}`);
    const command = recipeCommand(environment.bin('python'), model, name, ...given);
    const { code } = await runCommand(command, { show: true, limitMs, env: recipeEnvironment(workshop.recipes) });
    if (code !== 0) {
      const log = join(workshop.models, model, 'logs', `${name}.log`);
      workshop.complain(`train: ${name} failed; what it printed is in ${log}. To go on from it: --from ${name}`);
      return false;
    }
    workshop.say(`✔ ${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
  return true;
}

function describe({ name, does, reads }: RecipeStep, index: number, left: boolean): string {
  return `${index + 1}. ${name}: ${does} (reads ${reads})${left ? ', left out' : ''}`;
}
