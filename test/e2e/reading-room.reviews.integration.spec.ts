import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { InferenceCompleted, ReportFiled, ReviewRecorded } from '@sightline/contracts';
import { uidFromUuid } from '@sightline/dicom';
import { codes, concept, type Verdict } from '@sightline/findings';
import type { Browser, Locator, Page } from 'playwright-core';
import type { StudyView } from '../../apps/reading-room/src/study-view.ts';
import { type Role, type TemporaryDirectory, temporaryDirectory, waitFor } from '../support/index.ts';
import { buildPage, launchBrowser, openSignedIn } from './reading-room.browser.ts';
import { type Rig, startRig } from './reading-room.rig.ts';
import { findingsOf, manifest, model, tellStudy, type ToldStudy } from './reading-room.studies.ts';

const chart = 'http://127.0.0.1:8090/fhir';
const modelPath = `${model.name}@${model.version}`;

describe('a review in the reading room', () => {
  let rig: Rig;
  let shelf: TemporaryDirectory;
  let browser: Browser;

  beforeAll(async () => {
    shelf = await temporaryDirectory('shelf');
    await mkdir(join(shelf.path, model.name));
    await writeFile(join(shelf.path, model.name, 'model.json'), JSON.stringify(manifest));
    const web = join(shelf.path, 'web');
    await buildPage(web);
    rig = await startRig('reading-room', { MODELS_DIR: shelf.path, WEB_DIR: web, FHIR_BASE_URL: chart });
    browser = await launchBrowser();
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await rig?.stop();
    await shelf?.remove();
  });

  /** A study with three findings, its report in the chart in version 4. */
  async function tell(name: string): Promise<ToldStudy & { findings: Verdict['trackingUid'][] }> {
    const study = await tellStudy(rig.objects, { name, birthDate: '2021-08-02' });
    const outcome = await threeFindings(study);
    await rig.say('dicom-ingest', 'study.received.v1', study.received);
    await rig.say('xray-worker', 'inference.completed.v1', study.answered(outcome));
    await file(study, {}, '4');
    const findings = outcome.findings.map(({ trackingUid }) => trackingUid);
    await waitFor(async () => (await viewOf(study).catch(() => undefined))?.reports[0]?.seen.versionId === '4', {
      timeout: 30_000,
    });
    return { ...study, findings };
  }

  async function threeFindings(study: ToldStudy) {
    const outcome = (await findingsOf(rig.objects, study, 0.94)) as Extract<
      InferenceCompleted['outcome'],
      { kind: 'findings' }
    >;
    const [pneumonia] = outcome.findings;
    if (pneumonia === undefined) throw new Error('no finding was told');
    const { pleuralEffusion, atelectasis } = codes.snomed;
    const others = [pleuralEffusion, atelectasis].map((code, at) => ({
      ...pneumonia,
      key: `other-${at}`,
      trackingUid: uidFromUuid(randomUUID()),
      concept: concept(code),
      certainty: { probability: 0.8 - at / 10, threshold: 0.42 },
      sentence: `${code.display} suspected.`,
    }));
    return { ...outcome, findings: [pneumonia, ...others] };
  }

  function reportUrl(study: ToldStudy): string {
    return `${chart}/DiagnosticReport/${study.uid.slice(-12)}`;
  }

  /** Says that the chart has the report, as the writer does. */
  async function file(study: ToldStudy, changes: Partial<ReportFiled>, versionId: string): Promise<void> {
    const url = changes.reportUrl ?? reportUrl(study);
    await rig.say('fhir-writer', 'report.filed.v1', {
      ...study.filed,
      reportUrl: url,
      resources: [{ resourceType: 'DiagnosticReport', id: url.split('/').at(-1) ?? '', versionId }],
      filedAt: new Date().toISOString(),
      destination: 'ehr',
      generation: 1,
      edition: 1,
      verdicts: [],
      ...changes,
    });
  }

  async function viewOf(study: ToldStudy, who: Role = 'radiologist'): Promise<StudyView> {
    const headers = { authorization: `Bearer ${await rig.identityProvider.token(who)}` };
    const response = await fetch(`${rig.url}/api/studies/${study.uid}`, { headers });
    if (!response.ok) throw new Error(`the study answered ${response.status}`);
    return (await response.json()) as StudyView;
  }

  async function post(
    study: Pick<ToldStudy, 'uid'>,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<{ status: number; text: string }> {
    const response = await fetch(`${rig.url}/api/studies/${study.uid}/reports/${modelPath}/review`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  }

  const bearer = async (who: Role) => ({ authorization: `Bearer ${await rig.identityProvider.token(who)}` });

  async function told(study: ToldStudy): Promise<ReviewRecorded[]> {
    const all = await rig.heard('review.recorded.v1');
    return all
      .filter(({ studyInstanceUid }) => studyInstanceUid === study.uid)
      .toSorted((a, b) => a.recordedAt.localeCompare(b.recordedAt));
  }

  async function open(page: Page, study: ToldStudy): Promise<void> {
    await page.locator(`[data-study="${study.uid}"]`).click();
    await page.getByTestId('finding').first().waitFor();
  }

  const card = (page: Page, name: string): Locator =>
    page.getByTestId('finding').filter({ has: page.getByRole('heading', { name }) });

  it('accepts, corrects, rejects and signs; every message names the version that was seen', async () => {
    const study = await tell('Okafor^Ada');
    const [pneumonia, effusion, atelectasis] = study.findings;
    const { context, page } = await openSignedIn(browser, rig, 'radiologist');
    await open(page, study);
    const bar = page.getByTestId('sign-bar');
    const sign = bar.getByRole('button', { name: 'Sign' });
    expect(await bar.textContent()).toContain('0 of 3 answered');
    expect(await bar.textContent()).toContain('Still open: Pneumonia, Pleural effusion, Atelectasis');
    expect(await sign.isDisabled()).toBe(true);

    await card(page, 'Pneumonia').getByRole('button', { name: 'Correct' }).click();
    await card(page, 'Pneumonia').getByLabel('What is there instead').selectOption('Viral pneumonia');
    await card(page, 'Pneumonia').locator('form').getByRole('button', { name: 'Correct' }).click();
    await card(page, 'Pneumonia').getByText('Corrected to Viral pneumonia').waitFor();
    await card(page, 'Pneumonia').getByText('on its way to the chart').waitFor();

    // By the keyboard alone, and the focus stays where it was.
    const accept = card(page, 'Pleural effusion').getByRole('button', { name: 'Accept' });
    await accept.focus();
    await page.keyboard.press('Enter');
    await card(page, 'Pleural effusion').getByText('Accepted').waitFor();
    expect(await accept.getAttribute('aria-pressed')).toBe('true');
    expect(await accept.evaluate((button) => button === button.ownerDocument.activeElement)).toBe(true);

    await card(page, 'Atelectasis').getByRole('button', { name: 'Reject' }).click();
    await card(page, 'Atelectasis').getByLabel('Why it does not stand').fill('an old scar');
    await page.keyboard.press('Enter');
    await card(page, 'Atelectasis').getByText('Rejected: an old scar').waitFor();

    await page.getByText('3 of 3 answered').waitFor();
    await sign.click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.textContent()).toMatch(/becomes final only where your site declares/);
    await dialog.getByRole('button', { name: 'Sign', exact: true }).click();
    await bar.getByText('Signature: on its way to the chart').waitFor();

    const corrected = { verdict: 'corrected', trackingUid: pneumonia, concept: concept(codes.snomed.viralPneumonia) };
    const accepted = { verdict: 'accepted', trackingUid: effusion };
    const rejected = { verdict: 'rejected', trackingUid: atelectasis, reason: 'an old scar' };
    await waitFor(async () => (await told(study)).length === 4, { timeout: 20_000 });
    const messages = await told(study);
    expect(messages.map(({ verdicts }) => verdicts)).toEqual([
      [corrected],
      [accepted],
      [rejected],
      [corrected, accepted, rejected],
    ]);
    expect(messages.map(({ signed }) => signed ?? false)).toEqual([false, false, false, true]);
    for (const { report, reviewer } of messages) {
      expect(report).toEqual({ url: reportUrl(study), versionId: '4' });
      expect(reviewer).toMatchObject({ role: 'radiologist', name: 'Robin Radiologist' });
    }

    // The chart has it: nothing is on its way any more, and it is still called what it is.
    await file(study, { edition: 2, state: 'signed', verdicts: messages[3]?.verdicts ?? [] }, '5');
    await page.getByTestId('report-state').getByText('Signed').waitFor();
    expect(await page.getByText('on its way to the chart').count()).toBe(0);
    expect(await card(page, 'Pleural effusion').textContent()).toContain('Found by AI · signed by a radiologist');

    // What is signed changes by being signed again.
    await card(page, 'Pleural effusion').getByRole('button', { name: 'Reject' }).click();
    await card(page, 'Pleural effusion').getByRole('button', { name: 'Artefact' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign again' }).click();
    await waitFor(async () => (await told(study)).length === 5, { timeout: 20_000 });
    expect((await told(study))[4]).toMatchObject({
      signed: true,
      report: { versionId: '5' },
      verdicts: [corrected, { verdict: 'rejected', trackingUid: effusion, reason: 'Artefact' }, rejected],
    });
    await context.close();
  });

  it('lets a clinician answer and not sign', async () => {
    const study = await tell('Moreau^Theo');
    const { context, page } = await openSignedIn(browser, rig, 'clinician');
    await open(page, study);
    await card(page, 'Pneumonia').getByRole('button', { name: 'Reject' }).click();
    await card(page, 'Pneumonia').getByRole('button', { name: 'Nothing there' }).click();
    await card(page, 'Pneumonia').getByText('Rejected: Nothing there').waitFor();
    await waitFor(async () => (await told(study)).length === 1);
    const bar = page.getByTestId('sign-bar');
    expect(await bar.textContent()).toContain('A radiologist signs the report.');
    expect(await bar.getByRole('button').count()).toBe(0);
    const { seen } = (await viewOf(study)).reports[0] ?? {};
    const all = study.findings.map((trackingUid) => ({ verdict: 'accepted', trackingUid }));
    const signing = await post(study, { seen, verdicts: all, sign: true }, await bearer('clinician'));
    expect(signing.status).toBe(403);
    expect(await told(study)).toHaveLength(1);
    await context.close();
  });

  it('says that an answer is out of date where the report went on without it', async () => {
    const study = await tell('Tanaka^Yui');
    const { context, page } = await openSignedIn(browser, rig, 'clinician');
    await open(page, study);
    await card(page, 'Pneumonia').getByRole('button', { name: 'Accept' }).click();
    await card(page, 'Pneumonia').getByText('on its way to the chart').waitFor();
    await file(study, { generation: 2, reportUrl: `${chart}/DiagnosticReport/newer` }, '1');
    await card(page, 'Pneumonia')
      .getByText(/out of date/)
      .waitFor();
    expect(await page.getByTestId('sign-bar').textContent()).toContain('0 of 3 answered');
    await context.close();
  });

  it('says before and after a correction that the chart keeps a report that was closed there', async () => {
    const study = await tell('Haddad^Lina');
    const accepted = study.findings.map((trackingUid) => ({ verdict: 'accepted' as const, trackingUid }));
    await file(study, { edition: 2, state: 'signed', verdicts: accepted, closed: true }, '5');
    const { context, page } = await openSignedIn(browser, rig, 'radiologist');
    await open(page, study);
    const bar = page.getByTestId('sign-bar');
    await bar.getByText('a change reaches other destinations alone').waitFor();
    await card(page, 'Pneumonia').getByRole('button', { name: 'Reject' }).click();
    await card(page, 'Pneumonia').getByRole('button', { name: 'Artefact' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign again' }).click();
    await card(page, 'Pneumonia').getByText('not in the chart: it was closed there').waitFor();
    expect(await page.getByText('on its way to the chart').count()).toBe(0);
    // A second one does not take the first back.
    await card(page, 'Atelectasis').getByRole('button', { name: 'Reject' }).click();
    await card(page, 'Atelectasis').getByRole('button', { name: 'Wrong place' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign again' }).click();
    await waitFor(async () => (await told(study)).length === 2, { timeout: 20_000 });
    expect((await told(study))[1]?.verdicts).toMatchObject([
      { verdict: 'rejected', reason: 'Artefact' },
      { verdict: 'accepted' },
      { verdict: 'rejected', reason: 'Wrong place' },
    ]);
    await context.close();
  });

  it('keeps what was typed and says why, where the report has changed since it was shown', async () => {
    const study = await tell('Wojcik^Zofia');
    const { context, page } = await openSignedIn(browser, rig, 'radiologist');
    await open(page, study);
    await card(page, 'Pneumonia').getByRole('button', { name: 'Reject' }).click();
    const reason = card(page, 'Pneumonia').getByLabel('Why it does not stand');
    await reason.fill('an old scar');
    // The page has not looked again when the person sends.
    await page.route('**/api/studies/*', (route) => route.abort());
    await file(study, { edition: 2 }, '5');
    await waitFor(async () => (await viewOf(study)).reports[0]?.seen.versionId === '5');
    await page.keyboard.press('Enter');
    await card(page, 'Pneumonia').getByText('has changed since it was shown').waitFor();
    expect(await reason.inputValue()).toBe('an old scar');
    expect(await told(study)).toEqual([]);
    const [lookedAgain] = await Promise.all([
      page.waitForResponse((response) => response.ok() && response.url().endsWith(study.uid)),
      page.unroute('**/api/studies/*'),
    ]);
    await lookedAgain.finished();
    // Until the page has drawn what it was answered it sends what it knew, which is refused again.
    const recorded = card(page, 'Pneumonia').getByText('Rejected: an old scar');
    await waitFor(async () => {
      if (await reason.isVisible()) await reason.press('Enter', { timeout: 2_000 });
      await recorded.waitFor({ timeout: 2_000 });
      return true;
    });
    await waitFor(async () => (await told(study)).length === 1);
    expect((await told(study))[0]?.report.versionId).toBe('5');
    await context.close();
  });

  it('sends once more under the same key where an answer is lost, which is recorded once; then says that none came', async () => {
    const study = await tell('Nowak^Ola');
    const { context, page } = await openSignedIn(browser, rig, 'clinician');
    await open(page, study);
    let sent = 0;
    await page.route('**/review', async (route) => {
      sent += 1;
      if (sent > 1) return route.continue();
      await route.fetch();
      return route.abort();
    });
    await card(page, 'Pneumonia').getByRole('button', { name: 'Accept' }).click();
    await card(page, 'Pneumonia').getByText('Accepted').waitFor();
    await waitFor(async () => sent === 2 && (await told(study)).length === 1);
    expect(await told(study)).toHaveLength(1);

    await page.unroute('**/review');
    await page.route('**/review', (route) => route.abort());
    await card(page, 'Atelectasis').getByRole('button', { name: 'Accept' }).click();
    await card(page, 'Atelectasis').getByText('The server does not answer').waitFor();
    expect(await told(study)).toHaveLength(1);
    await context.close();
  });

  it.each([
    ['rejected', 'Rejected', 'This report was rejected as a whole.'],
    ['withdrawn', 'Withdrawn', 'This report was withdrawn.'],
  ] as const)('calls a %s report so, and offers nothing to answer', async (state, label, why) => {
    const study = await tell('Achieng^Bart');
    await file(study, { edition: 2, state }, '5');
    const { context, page } = await openSignedIn(browser, rig, 'radiologist');
    await open(page, study);
    await page.getByTestId('report-state').getByText(label).waitFor();
    await page.getByText(why).waitFor();
    expect(await page.getByRole('button', { name: 'Accept' }).count()).toBe(0);
    await context.close();
  });

  it('tells of a newer analysis since a report was signed, in the worklist and beside the findings', async () => {
    const study = await tell('Silva^Ines');
    const verdicts = study.findings.map((trackingUid): Verdict => ({ verdict: 'accepted', trackingUid }));
    await file(study, { edition: 2, state: 'signed', verdicts }, '5');
    await file(study, { generation: 2, reportUrl: `${chart}/DiagnosticReport/newer` }, '1');
    const { context, page } = await openSignedIn(browser, rig, 'radiologist');
    await page.locator(`[data-study="${study.uid}"]`).getByText('A newer analysis since it was signed').waitFor();
    await open(page, study);
    await page.getByTestId('newer-since-signed').waitFor();
    await context.close();
  });

  it.each([1440, 390])('fits a screen of %i pixels with every form open', async (width) => {
    const study = await tell('Haddad^Noor');
    const { context, page } = await openSignedIn(browser, rig, 'radiologist');
    await page.setViewportSize({ width, height: 800 });
    await open(page, study);
    await card(page, 'Pneumonia').getByRole('button', { name: 'Correct' }).click();
    await card(page, 'Atelectasis').getByRole('button', { name: 'Reject' }).click();
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await context.close();
  });

  describe('its door', () => {
    it('opens to clinicians and radiologists alone', async () => {
      const study = { uid: '1.2.3' };
      expect((await post(study, {}, {})).status).toBe(401);
      expect((await post(study, {}, { authorization: 'Bearer x.y.z' })).status).toBe(401);
      expect((await post(study, {}, await bearer('compliance'))).status).toBe(403);
    });

    it('takes a session’s cookie from its own page alone', async () => {
      const study = await tell('Okafor^Ada');
      const { context } = await openSignedIn(browser, rig, 'clinician');
      const session = (await context.cookies()).find(({ name }) => name === 'sightline_session');
      const { seen } = (await viewOf(study)).reports[0] ?? {};
      const body = { seen, verdicts: [{ verdict: 'accepted', trackingUid: study.findings[0] }] };
      const cookie = `sightline_session=${session?.value}`;
      const status = async (headers: Record<string, string>) =>
        (await post(study, body, { cookie, ...headers })).status;
      expect(await status({})).toBe(403);
      expect(await status({ origin: 'http://elsewhere.example' })).toBe(403);
      expect(await status({ 'sec-fetch-site': 'cross-site', origin: rig.url })).toBe(403);
      expect(await status({ 'sec-fetch-site': 'same-site', origin: rig.url })).toBe(403);
      // No other scheme stands in for a token.
      expect(await status({ authorization: 'Basic Og==' })).toBe(403);
      expect(await told(study)).toEqual([]);
      expect(await status({ origin: rig.url })).toBe(201);
      await context.close();
    });

    it('answers 400, 404 and 409 in words, and tells nobody', async () => {
      const study = await tell('Okafor^Ada');
      const { seen } = (await viewOf(study)).reports[0] ?? {};
      const headers = await bearer('radiologist');
      const verdicts = [{ verdict: 'accepted', trackingUid: study.findings[0] }];
      const elsewhere = [{ verdict: 'accepted', trackingUid: '2.25.1' }];
      expect(await post(study, { seen, verdicts: elsewhere }, headers)).toMatchObject({ status: 400 });
      expect(await post(study, { seen }, headers)).toMatchObject({ status: 400 });
      expect(await post(study, { seen, verdicts }, { ...headers, 'idempotency-key': 'x' })).toMatchObject({
        status: 400,
      });
      expect(await post({ uid: '1.2.3.4' }, { seen, verdicts }, headers)).toMatchObject({ status: 404 });
      expect(await post({ uid: '..%2Fsecret' }, { seen, verdicts }, headers)).toMatchObject({ status: 404 });
      const stale = await post(study, { seen: { ...seen, versionId: '3' }, verdicts }, headers);
      expect(stale).toMatchObject({ status: 409, text: expect.stringContaining('has changed') });
      const open = await post(study, { seen, verdicts, sign: true }, headers);
      expect(open).toMatchObject({ status: 409, text: expect.stringContaining('Pleural effusion, Atelectasis') });
      expect(await told(study)).toEqual([]);
    });

    it('records a request that is sent twice under one key once', async () => {
      const study = await tell('Okafor^Ada');
      const { seen } = (await viewOf(study)).reports[0] ?? {};
      const headers = { ...(await bearer('clinician')), 'idempotency-key': 'attempt-0001' };
      const verdicts = [{ verdict: 'accepted', trackingUid: study.findings[0] }];
      const [one, other] = [
        await post(study, { seen, verdicts }, headers),
        await post(study, { seen, verdicts }, headers),
      ];
      expect(one.status).toBe(201);
      expect(other).toEqual(one);
      await waitFor(async () => (await told(study)).length === 1);
    });
  });

  it('never writes a name, a reason or an answer into its log', async () => {
    const log = await readFile(rig.logFile, 'utf8');
    expect(log).not.toMatch(/Okafor|Moreau|old scar|Robin Radiologist/);
  });
});
