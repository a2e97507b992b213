import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readSite, releaseOf, type Site } from './site.ts';

const repository = join(import.meta.dirname, '../../..');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-site-'));
});

afterAll(() => rm(folder, { recursive: true }));

const ehr = {
  kind: 'fhir',
  name: 'ehr',
  baseUrl: 'https://ehr.example.org/fhir/',
  tokenUrl: 'https://ehr.example.org/token',
  clientId: 'c',
  keyFile: '/k',
  patients: { identifierSystem: 'urn:oid:1.2.3' },
};

const oru = {
  kind: 'hl7v2',
  name: 'oru',
  host: 'h',
  port: 2575,
  receiving: { application: 'EHR', facility: 'H' },
  identity: 'ehr',
};

const pacs = {
  kind: 'dicom',
  name: 'pacs',
  send: { by: 'c-store', host: 'h', port: 104, calledAeTitle: 'PACS' },
};

async function read(text: string): Promise<Awaited<ReturnType<typeof readSite>>> {
  const file = join(folder, 'site.json');
  await writeFile(file, text);
  return readSite(file);
}

describe('a site', () => {
  it.each(['k8s/base/site.json', 'k8s/overlays/dev/site.json'])('is what %s describes', async (path) => {
    expect(await readSite(join(repository, path))).toMatchObject({ kind: 'site' });
  });

  it('resolves patients, keeps reports beside others and asks the server for its plan, unless told otherwise', async () => {
    expect(await read(JSON.stringify({ destinations: [ehr] }))).toMatchObject({
      site: {
        onlyReport: false,
        destinations: [{ baseUrl: 'https://ehr.example.org/fhir', plan: 'auto', patients: { rule: 'resolve' } }],
      },
    });
  });

  it('asks an archive for its commitment, under our own AE title, unless told otherwise', async () => {
    expect(await read(JSON.stringify({ destinations: [pacs] }))).toMatchObject({
      site: {
        destinations: [{ send: { storageCommitment: true, callingAeTitle: 'SIGHTLINE' }, atOnce: 2, attempts: 300 }],
      },
    });
  });

  it.each([
    ['twice a minute, unless told otherwise', {}, { everyMs: 30_000, days: 14, atOnce: 100 }],
    ['as often as it is told', { feedback: { everyMs: 5_000 } }, { everyMs: 5_000, days: 14, atOnce: 100 }],
    ['never', { feedback: 'off' }, 'off'],
  ])('asks a chart what people made of reports %s', async (_, more, feedback) => {
    const site = { destinations: [{ ...ehr, ...more }] };
    expect(await read(JSON.stringify(site))).toMatchObject({ site: { destinations: [{ feedback }] } });
  });

  it.each([
    ['{', 'SITE_FILE is wrong'],
    [JSON.stringify({ destinations: [] }), 'destinations'],
    [JSON.stringify({ destinations: [ehr, ehr] }), 'two destinations have one name'],
    [
      JSON.stringify({ destinations: [{ ...pacs, send: { ...pacs.send, calledAeTitle: 'seventeen letters' } }] }),
      'an AE title has 1 to 16 characters',
    ],
    [JSON.stringify({ destinations: [{ ...pacs, send: { by: 'stow-rs' } }] }), 'destinations.0.send.baseUrl'],
    [JSON.stringify({ destinations: [pacs], dicom: { port: 11_112 } }), 'dicom.aeTitle'],
    [JSON.stringify({ destinations: [ehr], dicom: { port: 11_112, aeTitle: 'US' } }), 'dicom: no destination'],
    [JSON.stringify({ destinations: [{ ...ehr, baseUrl: 'file:///etc' }] }), 'destinations.0.baseUrl'],
    [JSON.stringify({ destinations: [{ ...ehr, feedback: 'on' }] }), 'destinations.0.feedback'],
    [JSON.stringify({ destinations: [ehr], release: { '*': 'now' } }), 'release.*'],
    [JSON.stringify({ destinations: [ehr], relase: {} }), 'relase'],
    [JSON.stringify({ destinations: [ehr, { ...oru, identity: 'oru' }] }), 'identity must name'],
    [JSON.stringify({ destinations: [ehr, { ...oru, kind: 'fax' }] }), 'destinations.1.kind'],
  ])('that is %s is refused with one line that says what is wrong', async (text, line) => {
    const read_ = await read(text);
    expect(read_).toMatchObject({ kind: 'malformed', line: expect.stringContaining(line) });
  });

  it('whose file is not there is refused', async () => {
    expect(await readSite(join(folder, 'none.json'))).toEqual({ kind: 'malformed', line: 'SITE_FILE cannot be read' });
  });
});

describe('when what a model says may leave the mesh', () => {
  const site = (release: Site['release']): Site => ({ onlyReport: false, release, destinations: [] });
  const model = { name: 'chest', release: 'on-signature' } as const;

  it.each([
    [{}, 'on-signature'],
    [{ '*': 'immediate' }, 'immediate'],
    [{ '*': 'immediate', chest: 'worklist-only' }, 'worklist-only'],
    [{ other: 'immediate' }, 'on-signature'],
  ] as const)('with %j it is %s', (release, wanted) => {
    expect(releaseOf(site(release), model)).toBe(wanted);
  });
});
