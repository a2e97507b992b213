import { describe, expect, it } from '@jest/globals';
import { label, sentenceOf } from '@sightline/fhir';
import { reportStates } from '@sightline/findings';
import sharp from 'sharp';
import { readPdf } from '../../../../test/support/read-pdf.ts';
import { findingNumber, resultInState } from '../../../../test/support/result-in-state.ts';
import { drawReportPage } from './draw-report-page.ts';
import type { Picture } from './picture.ts';

const patient = { id: 'P-1024', issuer: 'HOSP', name: 'Roe^Zoë', birthDate: '2021-05-04', sex: 'F' } as const;
const inUnreviewed = resultInState('unreviewed');
const study = { ...inUnreviewed.study, patient, description: 'Chest AP, supine', issuerOfAccessionNumber: 'RIS' };
const [, ...others] = inUnreviewed.findings;
const source = { ...findingNumber(1).sources[0], frame: 3 } as Picture['source'];

/** Pixels that no compression makes smaller, the same in every run. */
async function picture(more: Partial<Picture> = {}, side = 64): Promise<Picture> {
  let seed = 7;
  const noise = Uint8Array.from({ length: side * side * 3 }, () => (seed = (seed * 48_271) % 2_147_483_647) & 255);
  const jpeg = await sharp(noise, { raw: { width: side, height: side, channels: 3 } })
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toBuffer();
  return { kind: 'key-image', source, content: { kind: 'jpeg', jpeg, width: side, height: side }, ...more };
}

async function textOf(...[set, pictures]: Parameters<typeof drawReportPage>): Promise<string> {
  const pages = await readPdf(await drawReportPage(set, pictures));
  return pages.map(({ text }) => text).join(' ');
}

describe('the page of a report', () => {
  it.each(reportStates)('says of a report that is %s first how far it can be relied on', async (state) => {
    const set = resultInState(state, { study });
    const [page] = await readPdf(await drawReportPage(set, []));
    expect(page?.text.startsWith(label(set))).toBe(true);
  });

  it.each(reportStates)('says of a report that is %s what the chart says of each finding', async (state) => {
    const set = resultInState(state, { study });
    const text = await textOf(set, []);
    for (const finding of set.findings) expect(text).toContain(sentenceOf(set, finding));
    expect(text).toContain(`AI-asserted. ${label(set)}`.slice(0, 60));
  });

  it('names whose images they are, and that the images say so', async () => {
    const text = await textOf(resultInState('unreviewed', { study }), []);
    expect(text).toContain('Patient, as on the images');
    expect(text).toContain('Roe Zoë');
    expect(text).toContain('P-1024 (issuer HOSP)');
    expect(text).toContain('2021-05-04');
    expect(text).toContain('As on the images: Name: Roe Zoë · Patient ID: P-1024 (issuer HOSP) · Born: 2021-05-04');
  });

  it('prints of a name in several writings the alphabetic one', async () => {
    const named = (name: string) => textOf(resultInState('unreviewed', { study: { ...study, patient: { name } } }), []);
    const both = await named('Yamada^Tarou=山田^太郎=やまだ^たろう');
    expect(both).toContain('Name: Yamada Tarou · Patient ID');
    expect(both).not.toContain('\uFFFD');
    expect(await named('^=')).toContain('Name: not stated');
  });

  it('says so where the images do not state who it is', async () => {
    expect(await textOf(resultInState('unreviewed'), [])).toContain('Name: not stated · Patient ID: not stated');
  });

  it('names the study by description, date and accession', async () => {
    const text = await textOf(resultInState('unreviewed', { study }), []);
    for (const said of ['Chest AP, supine', '2026-02-03 04:05 +01:00', 'A1 (issuer RIS)']) expect(text).toContain(said);
  });

  it('gives probability, threshold and side of each finding', async () => {
    const text = await textOf(inUnreviewed, []);
    expect(text).toContain(
      "AI's answer: present · probability 0.912, threshold 0.400 · site: Lung structure · side: left",
    );
    expect(text).toContain(
      "AI's answer: absent · probability 0.912, threshold 0.400 · site: Lung structure · side: right",
    );
    expect(text).toContain("AI's answer: not prioritised");
  });

  it('never says a certainty that no model has', async () => {
    const findings = [findingNumber(1, { certainty: { probability: 1, threshold: 0.4 } })];
    expect(await textOf({ ...inUnreviewed, findings }, [])).toContain('probability above 0.999');
  });

  it('says which model answered, what it is for and that it is not a medical device', async () => {
    const model = {
      ...inUnreviewed.model,
      intendedUse: 'A second look at chests. A reference model, not a medical device.',
    };
    const text = await textOf({ ...inUnreviewed, model }, []);
    for (const said of ['version 1.0.0', 'a'.repeat(64), model.intendedUse]) expect(text).toContain(said);
    expect(text.match(/A reference model, not a medical device\./g)).toHaveLength(2);
  });

  it('says who signed and who answered each finding', async () => {
    const text = await textOf(resultInState('signed'), []);
    expect(text).toContain('Ada Reading, radiologist, 2026-02-03 05:01 UTC');
    expect(text).toContain('accepted by Ada Reading, radiologist, 2026-02-03 05:00 UTC');
  });

  it('says that a refusal is no negative result', async () => {
    const text = await textOf(resultInState('refused'), []);
    expect(text).toContain('Only frontal views are read.');
    expect(text).toContain('This is not a negative result.');
  });

  it('has WITHDRAWN across each sheet of a withdrawn report, and on no other', async () => {
    const findings = Array.from({ length: 40 }, (_, n) => findingNumber(n + 1));
    for (const state of reportStates) {
      const pages = await readPdf(await drawReportPage(resultInState(state, { findings }), []));
      expect(pages.length).toBeGreaterThan(1);
      for (const { text } of pages) expect(text.includes('WITHDRAWN')).toBe(state === 'withdrawn');
    }
  });

  it('says on each sheet the state, whose it is and which sheet of how many', async () => {
    const set = { ...inUnreviewed, study, findings: Array.from({ length: 40 }, (_, n) => findingNumber(n + 1)) };
    const pages = await readPdf(await drawReportPage(set, []));
    expect(pages.length).toBeGreaterThan(1);
    for (const [n, { text }] of pages.entries()) {
      expect(text.split(label(set))).toHaveLength(3);
      expect(text).toContain('Patient ID: P-1024');
      expect(text).toContain(`Page ${n + 1} of ${pages.length}`);
    }
    const all = pages.map(({ text }) => text).join(' ');
    for (const { sentence } of set.findings) expect(all).toContain(sentence);
  });

  it('says on each sheet of a rejected report, in full, that nothing of it stands', async () => {
    const findings = Array.from({ length: 40 }, (_, n) => findingNumber(n + 1));
    const pages = await readPdf(await drawReportPage(resultInState('rejected', { findings }), []));
    expect(pages.length).toBeGreaterThan(1);
    for (const { text } of pages) expect(text).toContain('nothing of it stands.');
  });

  it('does not tear the table of the model apart', async () => {
    const findings = Array.from({ length: 40 }, (_, n) => findingNumber(n + 1));
    for (const count of [13, 14, 15, 16, 17]) {
      const set = { ...inUnreviewed, findings: findings.slice(0, count) };
      const pages = await readPdf(await drawReportPage(set, []));
      const last = pages.at(-1)?.text ?? '';
      for (const said of ['SHA-256', 'Intended use', 'Reference model, not a medical device.'])
        expect(last).toContain(said);
    }
  });

  it('gives the same bytes for the same result, whenever it is drawn', async () => {
    const pictures = [await picture(), await picture({ kind: 'heat-map', findingKey: 'pneumonia' })];
    const first = await drawReportPage(resultInState('signed', { study }), pictures);
    const again = await drawReportPage(resultInState('signed', { study }), pictures);
    expect(again.equals(first)).toBe(true);
  });

  it.each([
    ['an instant of the result', { completedAt: '2026-02-03T04:06:01.000Z' }],
    ['a finding', { findings: others }],
  ])('gives other bytes for another result: %s', async (_, more) => {
    const first = await drawReportPage(inUnreviewed, []);
    expect((await drawReportPage({ ...inUnreviewed, ...more }, [])).equals(first)).toBe(false);
  });

  it('prints names of other alphabets, from right to left too', async () => {
    const names = { ...patient, name: 'Müller-Ångström^Łukasz', id: 'Привет Ελλάδα' };
    const text = await textOf(
      { ...inUnreviewed, study: { ...study, patient: names, description: 'דוד and محمد' } },
      [],
    );
    for (const said of ['Müller-Ångström Łukasz', 'Привет Ελλάδα', 'דוד', 'محمد']) expect(text).toContain(said);
    expect(text).not.toContain('\uFFFD');
  });

  it('gives the same bytes whatever was drawn before, be it the same letters in another form', async () => {
    const named = (name: string) => ({ ...inUnreviewed, study: { ...study, patient: { ...patient, name } } });
    const first = await drawReportPage(named('ﻣﺤﻤﺪ ﬁt'), []);
    await drawReportPage(named('محمد fit'), []);
    expect((await drawReportPage(named('ﻣﺤﻤﺪ ﬁt'), [])).equals(first)).toBe(true);
    expect(await textOf(named('ﻣﺤﻤﺪ ﬁt'), [])).toContain('محمد fit');
  });

  it('prints a sign for each character that its typeface lacks, and says what the sign means', async () => {
    const named = { ...patient, name: '=山田^太郎' };
    const text = await textOf({ ...inUnreviewed, study: { ...study, patient: named } }, []);
    expect(text).toContain('Name: \uFFFD\uFFFD \uFFFD\uFFFD');
    expect(text).toContain('\uFFFD stands for a character that cannot be printed here');
  });

  it('shows marks that would turn the direction of what follows', async () => {
    const named = { ...patient, id: '12\u202E34' };
    expect(await textOf({ ...inUnreviewed, study: { ...study, patient: named } }, [])).toContain('12\uFFFD34');
  });

  it('prints control characters and line ends as spaces, and nothing of the text is lost', async () => {
    const description = 'Chest\u0000\u0007AP\r\nsupine\u2028late';
    expect(await textOf({ ...inUnreviewed, study: { ...study, description } }, [])).toContain('Chest AP supine late');
  });

  it('breaks words that are longer than a line, and prints all of them', async () => {
    const description = 'x'.repeat(3_000);
    const text = await textOf({ ...inUnreviewed, study: { ...study, description } }, []);
    expect(text.match(/x{9,}/g)?.join('')).toHaveLength(3_000);
  });

  it('says where a text was too long to print', async () => {
    const description = 'long words '.repeat(10_000);
    expect(await textOf({ ...inUnreviewed, study: { ...study, description } }, [])).toContain('… (cut)');
  });
});

describe('pictures on the page', () => {
  it('have image and map beside each other, each named by SOP Instance and frame', async () => {
    const pictures = [await picture(), await picture({ kind: 'heat-map', findingKey: 'pneumonia' })];
    const [page] = await readPdf(await drawReportPage(inUnreviewed, pictures));
    expect(page?.images).toBe(2);
    expect(page?.text).toContain(`Image as the model was shown it. SOP Instance ${source.sopInstanceUid}, frame 3.`);
    expect(page?.text).toContain(`Heat map: Pneumonia. SOP Instance ${source.sopInstanceUid}, frame 3.`);
  });

  it.each([
    ['missing', 'it is no longer in the store'],
    ['too-large', 'it is too large to print'],
    ['unreadable', 'it could not be read'],
    ['without-its-image', 'the image it lies over could not be read'],
  ] as const)('say in their place that one is %s', async (reason, said) => {
    const text = await textOf(inUnreviewed, [await picture({ content: { kind: 'left-out', reason } })]);
    expect(text).toContain(said);
    expect(text).toContain(source.sopInstanceUid);
  });

  it('are left out from the last until the file has at most a mebibyte, and their number is said', async () => {
    const pictures = await Promise.all(Array.from({ length: 4 }, async () => picture({}, 330)));
    const bytes = await drawReportPage(inUnreviewed, pictures);
    expect(bytes.byteLength).toBeLessThanOrEqual(1024 * 1024);
    const pages = await readPdf(bytes);
    expect(pages.reduce((sum, { images }) => sum + images, 0)).toBe(3);
    expect(pages.map(({ text }) => text).join(' ')).toContain('1 more picture is not on this page');
  });
});
