import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { writeModelVersion } from '../../../test/support/write-model-version.ts';
import { ModelShelf } from './model-shelf.ts';

describe('the models a page can name', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sightline-shelf-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('lie side by side, at the top or below their model, and may appear at any time', async () => {
    await writeModelVersion(directory, { version: '1.0.0' });
    const shelf = new ModelShelf(directory);
    expect((await shelf.find({ name: 'test-reader', version: '1.0.0' }))?.version).toBe('1.0.0');
    expect(await shelf.find({ name: 'test-reader', version: '2.0.0' })).toBeUndefined();
    await writeFile(
      join(await writeModelVersion(join(directory, 'readers'), { version: '2.0.0' }), 'MODEL_CARD.md'),
      '# Two',
    );
    expect(await shelf.card({ name: 'test-reader', version: '2.0.0' })).toBe('# Two');
    expect(await shelf.card({ name: 'test-reader', version: '1.0.0' })).toBeUndefined();
  });

  it('are not hidden by a folder that is no model', async () => {
    await writeFile(join(await writeModelVersion(directory, { version: '0.0.1' }), 'model.json'), '{');
    await writeModelVersion(directory, { version: '1.0.0' });
    expect(await new ModelShelf(directory).find({ name: 'test-reader', version: '1.0.0' })).toBeDefined();
  });
});
