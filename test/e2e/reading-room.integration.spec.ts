import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { type Role, type TemporaryDirectory, temporaryDirectory, waitFor } from '../support/index.ts';
import { buildPage, launchBrowser, openSignedIn, signIn } from './reading-room.browser.ts';
import { type Rig, startRig } from './reading-room.rig.ts';
import { findingsOf, manifest, model, tellStudy, type ToldStudy } from './reading-room.studies.ts';

describe('the reading room', () => {
  let rig: Rig;
  let shelf: TemporaryDirectory;
  let browser: Browser;
  let chart: Chart;
  let bearer: string;
  const told: Record<'positive' | 'negative' | 'refused' | 'failed' | 'overdue' | 'noModel', ToldStudy> = {} as never;

  beforeAll(async () => {
    shelf = await temporaryDirectory('shelf');
    await mkdir(join(shelf.path, model.name));
    await writeFile(join(shelf.path, model.name, 'model.json'), JSON.stringify(manifest));
    await writeFile(join(shelf.path, model.name, 'MODEL_CARD.md'), '# Chest X-ray of children\n');
    const web = join(shelf.path, 'web');
    await buildPage(web);
    chart = await startChart();
    rig = await startRig('reading-room', { MODELS_DIR: shelf.path, WEB_DIR: web, FHIR_BASE_URL: chart.url });
    bearer = await rig.identityProvider.token('clinician');
    browser = await launchBrowser();
    await tellAll();
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await rig?.stop();
    await chart?.stop();
    await shelf?.remove();
  });

  /** Everything through real topics, in an order no sender would choose. */
  async function tellAll(): Promise<void> {
    const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000);
    const { objects, say } = rig;
    const child = { birthDate: '2021-08-02' };
    told.positive = await tellStudy(objects, { name: 'Okafor^Ada', ...child, receivedAt: ago(30) });
    told.negative = await tellStudy(objects, { name: 'Moreau^Theo', ...child, receivedAt: ago(20) });
    told.refused = await tellStudy(objects, { name: 'Tanaka^Yui', receivedAt: ago(15) });
    told.failed = await tellStudy(objects, { name: 'Wojcik^Zofia', ...child, receivedAt: ago(10) });
    told.overdue = await tellStudy(objects, { name: 'Achieng^Bart', ...child, receivedAt: ago(5), deadline: ago(1) });
    told.noModel = await tellStudy(objects, { name: 'Haddad^Noor', ...child, modality: 'MR', receivedAt: ago(1) });

    const { positive, negative, refused, failed, overdue, noModel } = told;
    await say('fhir-writer', 'report.filed.v1', positive.filed);
    await say('xray-worker', 'inference.completed.v1', positive.answered(await findingsOf(objects, positive, 0.94)));
    await say('dicom-ingest', 'inference.requested.xray.v1', positive.requested);
    await say('dicom-ingest', 'study.received.v1', positive.received);
    for (const study of [negative, refused, failed, overdue]) {
      await say('dicom-ingest', 'study.received.v1', study.received);
      await say('dicom-ingest', 'inference.requested.xray.v1', study.requested);
    }
    await say('xray-worker', 'inference.completed.v1', negative.answered(await findingsOf(objects, negative, 0.04)));
    await say(
      'xray-worker',
      'inference.completed.v1',
      refused.answered({ kind: 'skipped', reason: 'age-unknown', detail: 'No age and no birth date.' }),
    );
    await say(
      'xray-worker',
      'inference.completed.v1',
      failed.answered({ kind: 'failed', failure: { kind: 'defect', message: 'the runtime stopped' } }),
    );
    await say('dicom-ingest', 'study.received.v1', noModel.received);
    const { model: _none, ...withoutModel } = noModel.answered({ kind: 'skipped', reason: 'no-model', detail: '' });
    await say('dicom-ingest', 'inference.completed.v1', withoutModel);
    await waitFor(
      async () => {
        const { counts } = await api<{ counts: Record<string, number> }>('/api/studies');
        return counts['read'] === 2 && counts['refused'] === 2 && counts['failed'] === 1 && counts['overdue'] === 1;
      },
      { timeout: 30_000 },
    );
  }

  async function api<T>(path: string, token = bearer): Promise<T> {
    const response = await fetch(rig.url + path, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return (await response.json()) as T;
  }

  const signedIn = (who: Role) => openSignedIn(browser, rig, who);

  const row = (page: Page, study: ToldStudy) => page.locator(`[data-study="${study.uid}"]`);

  it('sends who is not signed in to the OpenID provider, and back to where they wanted to go', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${rig.url}/studies/${told.positive.uid}`);
    expect(new URL(page.url()).origin).toBe(rig.identityProvider.issuer);
    await signIn(page, rig, 'radiologist');
    await page.waitForSelector('[data-testid=finding]');
    await page.getByText('Robin Radiologist').waitFor();
    expect(page.url()).toBe(`${rig.url}/studies/${told.positive.uid}`);
    await context.close();
  });

  it('lists every study with its state: positives on top, then newest', async () => {
    const { context, page } = await signedIn('radiologist');
    await page.waitForSelector('[data-study]');
    const order = await page
      .locator('[data-study]')
      .evaluateAll((rows) => rows.map((one) => one.getAttribute('data-study')));
    const { positive, noModel, overdue, failed, refused, negative } = told;
    expect(order).toEqual([positive, noModel, overdue, failed, refused, negative].map(({ uid }) => uid));
    expect(await row(page, positive).textContent()).toContain('Pneumonia suspected · 94 %');
    expect(await row(page, negative).textContent()).toContain('below threshold · 4 %');
    expect(await row(page, refused).textContent()).toContain('Patient age unknown');
    expect(await row(page, overdue).textContent()).toContain('Overdue');
    expect(await row(page, failed).textContent()).toContain('Failed');
    await page.getByLabel(/Positives on top/).uncheck();
    await waitFor(async () => (await page.locator('[data-study]').first().getAttribute('data-study')) === noModel.uid);
    await context.close();
  });

  it('shows the finding against its threshold, the report in the chart, and that no person has verified it', async () => {
    const { context, page } = await signedIn('clinician');
    await row(page, told.positive).click();
    const card = page.getByTestId('finding');
    await card.waitFor();
    expect(await card.textContent()).toMatch(
      /Pneumonia.*Suspected.*94 %.*threshold 42 %.*Unverified · by AI — not for diagnostic use/,
    );
    expect(await page.getByTestId('unverified-banner').isVisible()).toBe(true);
    const link = page.getByTestId('report-link');
    expect(await link.getAttribute('title')).toBe(`${chart.url}/DiagnosticReport/17`);
    const [report] = await Promise.all([context.waitForEvent('page'), link.click()]);
    await report.getByText('"AI analysis: pneumonia"').waitFor();
    await page.getByRole('button', { name: /model card/ }).click();
    await page.getByText('0.980').waitFor();
    await context.close();
  });

  it('puts the heat map over the image and takes it away: other pixels, and the same again', async () => {
    const { context, page } = await signedIn('radiologist');
    await row(page, told.positive).click();
    await page.getByTestId('heat-map').waitFor();
    await page.waitForLoadState('networkidle');
    const picture = page.getByTestId('picture');
    const on = await picture.screenshot();
    await page.keyboard.press('h');
    await page.getByTestId('heat-map').waitFor({ state: 'hidden' });
    const off = await picture.screenshot();
    expect(await difference(on, off)).toBeGreaterThan(0.05);
    await page.getByRole('switch', { name: /Heat map/ }).click();
    await page.getByTestId('heat-map').waitFor();
    expect(await difference(on, await picture.screenshot())).toBeLessThan(0.001);
    await page.getByLabel('Opacity').fill('0.2');
    expect(await difference(on, await picture.screenshot())).toBeGreaterThan(0.05);
    await context.close();
  });

  it('says in words why a study was refused, failed or is overdue, and calls none of them negative', async () => {
    const { context, page } = await signedIn('radiologist');
    await row(page, told.refused).click();
    expect(await page.getByTestId('refusal').textContent()).toContain(
      'Not read: patient age unknown; this model reads children of 1–5 years.',
    );
    // Nothing was explained: there is no map to switch on.
    expect(await page.getByRole('switch', { name: /Heat map/ }).count()).toBe(0);
    await page.getByText('No heat map').waitFor();
    // Drawn from the stored DICOM: no worker has made a picture of it.
    await waitFor(() =>
      page
        .locator('.picture img')
        .evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth === 256),
    );
    await row(page, told.noModel).click();
    await page.getByText('Not read: no model here reads MR.').waitFor();
    await row(page, told.failed).click();
    expect(await page.getByTestId('failure').textContent()).toContain('Read this study without AI');
    await row(page, told.overdue).click();
    expect(await page.getByTestId('overdue').textContent()).toContain('No answer by');
    await context.close();
  });

  it('moves through the worklist by the arrow keys', async () => {
    const { context, page } = await signedIn('radiologist');
    await page.waitForSelector('[data-study]');
    await page.keyboard.press('ArrowDown');
    await page.waitForURL(`**/studies/${told.positive.uid}`);
    await page.keyboard.press('ArrowDown');
    await page.waitForURL(`**/studies/${told.noModel.uid}`);
    await page.keyboard.press('ArrowUp');
    await page.waitForURL(`**/studies/${told.positive.uid}`);
    await context.close();
  });

  it('shows a new study, and an answer that replaces a failure, without being reloaded', async () => {
    const { context, page } = await signedIn('radiologist');
    const late = await tellStudy(rig.objects, { name: 'Silva^Ines', birthDate: '2021-01-01' });
    await rig.say('dicom-ingest', 'study.received.v1', late.received);
    await rig.say(
      'xray-worker',
      'inference.completed.v1',
      late.answered({ kind: 'failed', failure: { kind: 'unavailable', message: 'no answer' } }),
    );
    await row(page, late).getByText('Failed', { exact: true }).waitFor({ timeout: 20_000 });
    await rig.say('xray-worker', 'inference.completed.v1', late.answered(await findingsOf(rig.objects, late, 0.1)));
    await row(page, late).getByText('Read by AI').waitFor({ timeout: 20_000 });
    await context.close();
  });

  it.each([1440, 1024, 390])('fits a screen of %i pixels without scrolling sideways', async (width) => {
    const { context, page } = await signedIn('radiologist');
    await page.setViewportSize({ width, height: 800 });
    await row(page, told.positive).click();
    await page.getByTestId('finding').waitFor();
    // As text: this file is compiled without the browser's names.
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    expect(await page.getByTestId('unverified-banner').isVisible()).toBe(true);
    await context.close();
  });

  it('breaks no rule of its own content security policy', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${rig.url}/studies/${told.positive.uid}`);
    await signIn(page, rig, 'radiologist');
    await page.getByTestId('finding').waitFor();
    await page.waitForLoadState('networkidle');
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('refuses a person of another role with a page that says so, and opens no session', async () => {
    const { context, page } = await signedIn('compliance');
    expect(await page.getByRole('heading').textContent()).toBe('Your role does not open this room');
    expect((await context.cookies()).map(({ name }) => name)).not.toContain('sightline_session');
    await context.close();
  });

  it('keeps its session in a cookie no script and no other site can use, and ends it on signing out', async () => {
    const { context, page } = await signedIn('radiologist');
    const cookie = (await context.cookies()).find(({ name }) => name === 'sightline_session');
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
    const headers = { cookie: `sightline_session=${cookie?.value}` };
    expect((await fetch(`${rig.url}/api/me`, { headers })).status).toBe(200);
    const forged = await fetch(`${rig.url}/auth/logout`, {
      method: 'POST',
      headers: { ...headers, origin: 'http://elsewhere.example' },
    });
    expect(forged.status).toBe(403);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL((url) => url.origin === rig.identityProvider.issuer);
    expect((await fetch(`${rig.url}/api/me`, { headers })).status).toBe(401);
    await context.close();
  });

  it('renews an access token about to end, and asks to sign in again once the provider gives no more', async () => {
    const { context } = await signedIn('radiologist');
    const cookie = (await context.cookies()).find(({ name }) => name === 'sightline_session');
    const me = async () =>
      (await fetch(`${rig.url}/api/me`, { headers: { cookie: `sightline_session=${cookie?.value}` } })).status;
    const expire = async (spoil: string) => {
      const client = new pg.Client({ connectionString: rig.adminDatabaseUrl });
      await client.connect();
      await client.query(`update session set access_until = now() ${spoil}`);
      const { rows } = await client.query<{ left: string }>(
        'select count(*) as left from session where access_until > now()',
      );
      await client.end();
      return Number(rows[0]?.left);
    };
    expect(await expire('')).toBe(0);
    expect(await Promise.all([me(), me(), me()])).toEqual([200, 200, 200]);
    await expire(`, tokens = 'not sealed here'`);
    expect(await me()).toBe(401);
    await context.close();
  });

  it('tells the audit who looked at which record, once per look', async () => {
    await api(`/api/studies/${told.negative.uid}`);
    await api(`/api/studies/${told.negative.uid}`);
    const client = new pg.Client({ connectionString: rig.adminDatabaseUrl });
    await client.connect();
    const { rows } = await client.query<{ value: string }>(
      `select value from outbox where topic = 'audit.recorded.v1' and key = $1 and value like '%110110%'`,
      [told.negative.uid],
    );
    await client.end();
    const looks = rows.map(({ value }) => JSON.parse(value) as { agent: { name: string } });
    expect(looks.filter(({ agent }) => agent.name === 'sandbox-clinician')).toHaveLength(1);
  });

  it('never writes a name of a patient into its log', async () => {
    const log = await readFile(rig.logFile, 'utf8');
    expect(log).not.toMatch(/Okafor|Moreau|Tanaka|CHILD-7/);
  });

  describe('its doors', () => {
    const uid = '1.2.3';
    const guarded = [
      '/api/me',
      '/api/studies',
      `/api/studies/${uid}`,
      `/api/studies/${uid}/images/1.2.3.4.png`,
      `/api/studies/${uid}/heat-maps/pneumonia/1.2.3.4.png`,
      `/api/studies/${uid}/reports/chest-xray-paediatric@1.0.0`,
      '/api/models/chest-xray-paediatric/1.0.0',
      '/api/models/chest-xray-paediatric/1.0.0/card',
    ];

    it.each(guarded)('GET %s: 401 without a token, 401 with a wrong one, 403 for another role', async (path) => {
      const status = async (headers: Record<string, string> = {}) => (await fetch(rig.url + path, { headers })).status;
      expect(await status()).toBe(401);
      expect(await status({ authorization: 'Bearer x.y.z' })).toBe(401);
      expect(await status({ cookie: 'sightline_session=guess' })).toBe(401);
      expect(await status({ authorization: `Bearer ${await rig.identityProvider.token('compliance')}` })).toBe(403);
    });

    it.each(['/', `/studies/${uid}`])('GET %s: shows nothing before signing in', async (path) => {
      const response = await fetch(rig.url + path, { redirect: 'manual' });
      expect(response.status).toBe(302);
      expect(response.headers.get('location')).toMatch(/^\/auth\/login/);
    });

    it('sends nobody to another site after signing in', async () => {
      const response = await fetch(`${rig.url}/auth/login?returnTo=//elsewhere.example`, { redirect: 'manual' });
      expect(response.headers.get('location')).toMatch(rig.identityProvider.issuer);
      const callback = await fetch(`${rig.url}/auth/callback?code=x&state=y`, { redirect: 'manual' });
      expect(callback.status).toBe(400);
    });

    it('answers 404 for a study nobody has told of and 400 for a search it does not know', async () => {
      const status = async (path: string) =>
        (await fetch(rig.url + path, { headers: { authorization: `Bearer ${bearer}` } })).status;
      expect(await status('/api/studies/1.2.3.4.5')).toBe(404);
      expect(await status('/api/studies/..%2Fsecret')).toBe(404);
      expect(await status('/api/studies?limit=100000')).toBe(400);
      expect(await status('/api/studies?sort=name')).toBe(400);
    });
  });
});

interface Chart {
  url: string;
  stop(): Promise<void>;
}

/** What this app sees of a FHIR server: one report, for whoever shows a token. The real one is part of the whole mesh's tests. */
async function startChart(): Promise<Chart> {
  const server = createServer((request, response) => {
    const report = { resourceType: 'DiagnosticReport', id: '17', code: { text: 'AI analysis: pneumonia' } };
    const isReader = /^Bearer \S+\.\S+\.\S+$/.test(request.headers.authorization ?? '');
    response.writeHead(isReader && request.url === '/fhir/DiagnosticReport/17' ? 200 : 401, {
      'content-type': 'application/fhir+json',
    });
    response.end(JSON.stringify(report));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/fhir`,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Share of pixels that differ by more than a little. */
async function difference(a: Buffer, b: Buffer): Promise<number> {
  const [one, other] = await Promise.all([a, b].map((png) => sharp(png).greyscale().raw().toBuffer()));
  if (one === undefined || other === undefined || one.length !== other.length) return 1;
  const changed = one.reduce((sum, value, at) => sum + (Math.abs(value - (other[at] ?? 0)) > 6 ? 1 : 0), 0);
  return changed / one.length;
}
