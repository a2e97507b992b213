import { join } from 'node:path';
import { pythonEnvironment } from './python-environment.ts';
import { runCommand } from './run-command.ts';
import { root } from './steps.ts';

/** Tests what every training recipe stands on: models/training/kit, without PyTorch. And models/README.md is what the models say. */
const training = join(root, 'models/training');
const folder = join(root, 'node_modules/.cache/sightline/training');
const limitMs = 5 * 60_000;

const environment = await pythonEnvironment(folder, [join(training, 'kit/requirements-test.txt')]);
if (environment.kind === 'missing') {
  console.error(environment.line);
  process.exitCode = 1;
} else {
  const commands = [
    [environment.bin('pytest'), '-c', join(training, 'pytest.ini'), join(training, 'tests')],
    [environment.bin('python'), '-m', 'kit.index', '--check'],
  ] as const;
  const env = { PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: training };
  for (const command of commands) {
    const { code } = await runCommand(command, { show: true, limitMs, env });
    if (code !== 0) process.exitCode = 1;
  }
}
