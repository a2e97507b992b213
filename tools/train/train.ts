import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pythonEnvironment } from '../check/python-environment.ts';
import { root } from '../check/steps.ts';
import { readRequest, usage } from './read-request.ts';
import { training } from './recipes.ts';
import { train } from './run-recipe.ts';

// `npm run train -- …`: from a data folder to a shipped model.

const request = readRequest(process.argv.slice(2));
if (typeof request === 'string') {
  console.error(`train: ${request}\n\n${usage}`);
  process.exitCode = 2;
} else if (!existsSync(join(request.data, 'labels.csv'))) {
  console.error(`train: ${request.data} holds no labels.csv`);
  process.exitCode = 2;
} else {
  const requirements = ['kit/requirements-test.txt', 'requirements.txt'].map((file) => join(training, file));
  process.exitCode = await train(request, {
    recipes: training,
    models: join(root, 'models'),
    python: async () => pythonEnvironment(join(training, '.venv'), requirements),
    say: (line) => console.log(line),
    complain: (line) => console.error(line),
  });
}
