import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { runCommand } from './run-command.ts';
import { root, specsOf, steps, type Gate, type Step, type Tests } from './steps.ts';
import { add, closingLine, exitCode, nothing, totalsOf, type JestReport, type Totals } from './totals.ts';

/**
 * Everything a change has to pass, cheap first. `npm test` runs all of it; `npm test -- lint unit` runs the named steps.
 * Gates stop at the first that fails; tests all run. Ends with the line `N passed, N failed`.
 */
const jest = [
  process.execPath,
  '--experimental-vm-modules',
  '--no-warnings',
  join(root, 'node_modules/jest/bin/jest.js'),
] as const;
const gateLimitMs = 15 * 60_000;
const testsLimitMs = 45 * 60_000;
const strict = process.env['CI'] === 'true';

async function allSpecs(): Promise<string[]> {
  const { output, code } = await runCommand([...jest, '--listTests', '--json'], { show: false, limitMs: gateLimitMs });
  const list = /^\[.*\]$/m.exec(output)?.[0];
  if (code !== 0 || list === undefined) throw new Error(`jest could not list its tests:\n${output}`);
  return (JSON.parse(list) as string[]).map((path) => relative(root, path)).toSorted();
}

async function passGate(gate: Gate): Promise<Totals> {
  for (const command of gate.commands) {
    const { code, output } = await runCommand(command, { show: false, limitMs: gateLimitMs });
    if (code === 0) continue;
    console.log(output.trimEnd());
    return { ...nothing, failed: 1 };
  }
  return nothing;
}

async function runTests(tests: Tests, specs: readonly string[]): Promise<Totals> {
  const files = specsOf(tests, specs);
  if (files.length === 0) return nothing;
  const folder = await mkdtemp(join(tmpdir(), 'sightline-check-'));
  const result = join(folder, 'report.json');
  const args = [
    '--json',
    `--outputFile=${result}`,
    ...(tests.oneAtATime ? ['--runInBand'] : []),
    '--runTestsByPath',
    ...files,
  ];
  try {
    const { code, hung } = await runCommand([...jest, ...args], { show: true, limitMs: testsLimitMs, result });
    const report = await readFile(result, 'utf8').catch(() => undefined);
    if (report === undefined) return { ...nothing, failed: 1 };
    const totals = totalsOf(JSON.parse(report) as JestReport);
    if (hung) console.log(`${tests.name}: a test left something running that kept the process alive`);
    return code === 0 || totals.failed > 0 ? totals : add(totals, { ...nothing, failed: 1 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function chosen(names: readonly string[]): readonly Step[] {
  const unknown = names.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length === 0) return names.length === 0 ? steps : steps.filter(({ name }) => names.includes(name));
  console.error(`no such step: ${unknown.join(', ')} (there are: ${steps.map(({ name }) => name).join(', ')})`);
  process.exit(2);
}

async function main(): Promise<void> {
  const todo = chosen(process.argv.slice(2).filter((word) => !word.startsWith('-')));
  let totals = nothing;
  let specs: string[] | undefined;
  for (const step of todo) {
    const started = performance.now();
    console.log(`… ${step.name}`);
    const outcome = step.kind === 'gate' ? await passGate(step) : await runTests(step, (specs ??= await allSpecs()));
    totals = add(totals, outcome);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const counted = step.kind === 'tests' ? `, ${closingLine(outcome)}` : '';
    console.log(`${outcome.failed === 0 ? '✔' : '✘'} ${step.name}: ${seconds} s${counted}`);
    if (step.kind === 'gate' && outcome.failed > 0) break;
  }
  for (const name of totals.skipped) console.log(`skipped: ${name}`);
  if (strict && totals.skipped.length > 0) console.log('a skipped test is a failure here');
  process.exitCode ||= todo.every(({ kind }) => kind === 'gate') && totals.failed === 0 ? 0 : exitCode(totals, strict);
  console.log(closingLine(totals));
}

await main();
