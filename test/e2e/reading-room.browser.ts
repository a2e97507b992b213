import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Role } from '../support/index.ts';
import type { Rig } from './reading-room.rig.ts';

const chromiumFlags =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: chromiumFlags.split(' ') });
}

/** A window of a person who has just signed in. */
export async function openSignedIn(
  browser: Browser,
  rig: Rig,
  who: Role,
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto(rig.url);
  await signIn(page, rig, who);
  return { context, page };
}

export async function signIn(page: Page, rig: Rig, who: Role): Promise<void> {
  await page.fill('input[name=username]', who);
  await page.fill('input[name=password]', rig.identityProvider.password);
  await page.click('button[type=submit], button:not([type])');
  await page.waitForURL((url) => url.origin === rig.url);
}

/** As a process of its own: its native parts know no test's realm. */
export async function buildPage(into: string): Promise<void> {
  const repository = join(import.meta.dirname, '../..');
  const vite = join(repository, 'node_modules/vite/bin/vite.js');
  const config = join(repository, 'apps/reading-room/web/vite.config.ts');
  const environment = { ...process.env, NODE_OPTIONS: '' };
  await promisify(execFile)(process.execPath, [vite, 'build', '--config', config, '--outDir', into, '--emptyOutDir'], {
    env: environment,
  });
}
