import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** A program and its arguments, run in the repository's root. */
export type Command = readonly [program: string, ...args: string[]];

/** A check that says yes or no. The first that says no ends the run: what follows would only repeat it. */
export interface Gate {
  kind: 'gate';
  name: string;
  commands: readonly Command[];
}

/** Tests that are counted. All of them run, whatever an earlier one said. */
export interface Tests {
  kind: 'tests';
  name: string;
  /** Which spec files, by path from the root. Each belongs to the first step that claims it. */
  claims: (path: string) => boolean;
  /** Tests that start servers take turns. */
  oneAtATime: boolean;
}

export type Step = Gate | Tests;

/** A dev dependency's program, on the Node that runs this. */
function tool(name: string, ...args: string[]): Command {
  return [join(root, 'node_modules/.bin', name), ...args];
}

function script(path: string, ...args: string[]): Command {
  return tool('tsx', path, ...args);
}

const page = 'apps/reading-room/web';

const gates: readonly Gate[] = [
  { kind: 'gate', name: 'format', commands: [tool('oxfmt', '--check')] },
  { kind: 'gate', name: 'lint', commands: [tool('oxlint')] },
  { kind: 'gate', name: 'types', commands: [tool('tsc', '--noEmit'), tool('tsc', '--noEmit', '-p', page)] },
  {
    kind: 'gate',
    name: 'boundaries',
    commands: [tool('depcruise', '--config', '.dependency-cruiser.mjs', 'apps', 'libs', 'tools', 'test')],
  },
  { kind: 'gate', name: 'dead-code', commands: [tool('knip', '--no-progress', '--no-config-hints')] },
  { kind: 'gate', name: 'generated', commands: [script('tools/generators/generate-contracts.ts', '--check')] },
  { kind: 'gate', name: 'build', commands: [script('tools/check/build.ts')] },
  { kind: 'gate', name: 'kubernetes', commands: [script('tools/check/kubernetes.ts')] },
  { kind: 'gate', name: 'training', commands: [script('tools/check/training.ts')] },
];

const integration = /\.integration\.spec\.ts$/;

const tests: readonly Tests[] = [
  { kind: 'tests', name: 'contracts', claims: (path) => path.startsWith('test/contracts/'), oneAtATime: false },
  { kind: 'tests', name: 'conformance', claims: (path) => path.startsWith('test/conformance/'), oneAtATime: true },
  { kind: 'tests', name: 'e2e', claims: (path) => /^test\/(e2e|failure)\//.test(path), oneAtATime: true },
  { kind: 'tests', name: 'integration', claims: (path) => integration.test(path), oneAtATime: true },
  { kind: 'tests', name: 'unit', claims: () => true, oneAtATime: false },
];

const order = ['unit', 'contracts', 'integration', 'e2e', 'conformance'];

/** Everything a run does, cheap first. */
export const steps: readonly Step[] = [
  ...gates,
  ...tests.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name)),
];

/** Which step runs which spec file; none is run twice and none is left out. */
export function specsOf(step: Tests, specs: readonly string[]): string[] {
  return specs.filter((path) => tests.find(({ claims }) => claims(path)) === step);
}
