import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');

/** A file that breaks the rule it is planted for. */
const planted: { rule: string; file: string; text: string }[] = [
  { rule: 'no-process-env', file: 'apps/audit-monitor/src/env.ts', text: `export const home = process.env['HOME'];\n` },
  {
    rule: 'no-restricted-imports',
    file: 'apps/audit-monitor/src/env-import.ts',
    text: `import { env } from 'node:process';\nexport const home = env['HOME'];\n`,
  },
  {
    rule: 'no-restricted-imports',
    file: 'apps/audit-monitor/src/data-source.ts',
    text: `import { DataSource } from 'typeorm';\nexport const source = new DataSource({ type: 'postgres' });\n`,
  },
  { rule: 'no-console', file: 'apps/audit-monitor/src/talk.ts', text: `console.log('hello');\n` },
  { rule: 'no-explicit-any', file: 'libs/dicom/src/any.ts', text: `export const loose: any = 1;\n` },
  {
    rule: 'no-non-null-assertion',
    file: 'libs/dicom/src/bang.ts',
    text: `export const first = (list: string[]): string => list[0]!;\n`,
  },
  {
    rule: 'no-floating-promises',
    file: 'libs/dicom/src/float.ts',
    text: `async function later(): Promise<void> {}\nexport function now(): void {\n  later();\n}\n`,
  },
  {
    rule: 'switch-exhaustiveness-check',
    file: 'libs/dicom/src/switch.ts',
    text: `export function say(kind: 'a' | 'b'): string {\n  switch (kind) {\n    case 'a':\n      return 'A';\n  }\n  return '';\n}\n`,
  },
];

interface Diagnostic {
  code: string;
  filename: string;
}

let house = '';
let diagnostics: Diagnostic[] = [];

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), 'sightline-lint-'));
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) await cp(join(root, file), join(house, file));
  await symlink(join(root, 'node_modules'), join(house, 'node_modules'));
  for (const { file, text } of [
    ...planted,
    { file: 'libs/platform/src/config.ts', text: `export const home = process.env['HOME'];\n` },
  ]) {
    await mkdir(dirname(join(house, file)), { recursive: true });
    await writeFile(join(house, file), text);
  }
  const run = promisify(execFile)(join(root, 'node_modules/.bin/oxlint'), ['--format', 'json', 'apps', 'libs'], {
    cwd: house,
  });
  const { stdout, stderr } = await run.catch((failure: unknown) => failure as { stdout: string; stderr: string });
  if (stdout === '') throw new Error(`the linter said nothing: ${stderr}`);
  diagnostics = (JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics;
}, 240_000);

afterAll(async () => {
  await rm(house, { recursive: true, force: true });
});

describe('lint rules', () => {
  it.each(planted)('$rule is named when $file breaks it', ({ rule, file }) => {
    const named = diagnostics.filter(({ filename }) => filename === file).map(({ code }) => code);
    expect(named).toEqual(expect.arrayContaining([expect.stringContaining(`(${rule})`)]));
  });

  it("lets platform's config reader read the environment", () => {
    expect(diagnostics.filter(({ filename }) => filename === 'libs/platform/src/config.ts')).toEqual([]);
  });
});
