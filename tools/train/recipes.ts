import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { runCommand } from '../check/run-command.ts';
import { root, type Command } from '../check/steps.ts';

/** Where the recipes are: each a Python package that declares its steps, `kit` what they share. */
export const training = join(root, 'models/training');

const stepSchema = z.object({ name: z.string(), does: z.string(), reads: z.string() });
const recipeSchema = z.object({ version: z.string(), steps: z.array(stepSchema).min(1) });

export type Recipe = z.infer<typeof recipeSchema>;
export type RecipeStep = z.infer<typeof stepSchema>;

/** The models that a folder has a recipe for; `chest_xray_paediatric` makes chest-xray-paediatric. */
export async function modelsWithRecipe(folder: string): Promise<string[]> {
  const packages = (await readdir(folder)).filter((name) => existsSync(join(folder, name, '__main__.py')));
  return packages.map((name) => name.replaceAll('_', '-')).toSorted();
}

/** The command that runs a recipe's package, and what it needs around it. */
export function recipeCommand(python: string, model: string, ...args: string[]): Command {
  return [python, '-m', model.replaceAll('-', '_'), ...args];
}

export function recipeEnvironment(folder: string): Record<string, string> {
  return {
    PYTHONPATH: [folder, training].join(':'),
    PYTHONUNBUFFERED: '1',
    OMP_WAIT_POLICY: 'passive',
    // One arena that is never given back: large tensors are otherwise mapped and faulted in anew at every step.
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_MAX_: '0',
    MALLOC_TRIM_THRESHOLD_: '20000000000',
    MALLOC_TOP_PAD_: '268435456',
  };
}

/** What a recipe says of itself; any Python will do. */
export async function readRecipe(folder: string, model: string): Promise<Recipe> {
  const command = recipeCommand('python3', model, '--list');
  const { code, output } = await runCommand(command, { show: false, limitMs: 60_000, env: recipeEnvironment(folder) });
  if (code !== 0) throw new Error(`the recipe of ${model} does not list its steps:\n${output}`);
  return recipeSchema.parse(JSON.parse(output));
}
