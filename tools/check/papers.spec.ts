import { describe, expect, it, jest } from '@jest/globals';
import { baseConfigSchema } from '@sightline/platform';
import { workerConfigSchema } from '@sightline/inference';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { auditMonitorConfigSchema } from '../../apps/audit-monitor/src/config.ts';
import { configSchema as writerConfigSchema } from '../../apps/fhir-writer/src/config.ts';
import { readingRoomConfigSchema } from '../../apps/reading-room/src/reading-room-config.ts';
import { ingestConfigSchema } from '../../apps/dicom-ingest/src/config.ts';
import { root } from './steps.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const ignored = (path: string): boolean => /(^|\/)(node_modules|target|dist|\.sandbox)\//.test(path);
const papers = globSync('{*.md,docs/**/*.md,k8s/**/*.md}', { cwd: root }).filter((path) => !ignored(path));
const sources = globSync('{apps,libs}/*/src/**/*.ts', { cwd: root }).filter((path) => !path.endsWith('.spec.ts'));
const operations = read('docs/operations/README.md');

function matches(text: string, pattern: RegExp): string[] {
  return [...new Set(Array.from(text.matchAll(pattern), ([, found = '']) => found))].toSorted();
}

function environmentNames(schema: { shape: object }): string[] {
  return Object.keys(schema.shape).map((name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
}

/** Each paper's words of a kind that lead nowhere, as `paper: word`. */
function astray(words: RegExp, leads: (word: string, paper: string) => boolean): string[] {
  return papers.flatMap((paper) =>
    matches(read(paper), words)
      .filter((word) => !leads(word, paper))
      .map((word) => `${paper}: ${word}`),
  );
}

// Other steps may be using the processors.
jest.setTimeout(60_000);

describe('papers', () => {
  it('link only to what is there', () => {
    const link = /\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g;
    expect(astray(link, (target, paper) => existsSync(join(root, dirname(paper), target)))).toEqual([]);
  });

  it('name only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(astray(/npm run ([a-z:]+)/g, (name) => Object.hasOwn(scripts, name))).toEqual([]);
  });

  it('name only files of ours that exist', () => {
    const path = /`((?:apps|libs|tools|test|docs|k8s|models)\/[\w./-]+\.(?:ts|json|yaml|csv|md|mjs))`/g;
    expect(astray(path, (name) => existsSync(join(root, name)))).toEqual([]);
  });

  it('operations describes every metric, and none that is not there', () => {
    const made = matches(sources.map(read).join('\n'), /(?:counter|gauge|histogram)\(\s*'(sightline_\w+)'/g);
    expect(made.length).toBeGreaterThan(5);
    expect(matches(operations, /`(sightline_\w+)/g)).toEqual(made);
  });

  it('operations describes every setting an app reads', () => {
    const settings = [
      baseConfigSchema,
      workerConfigSchema,
      ingestConfigSchema,
      writerConfigSchema,
      readingRoomConfigSchema,
      auditMonitorConfigSchema,
    ].flatMap(environmentNames);
    expect(settings.filter((name) => !operations.includes(`\`${name}\``))).toEqual([]);
  });
});
