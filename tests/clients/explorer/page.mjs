// The page in Chromium, with what the checks share.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from '../load.mjs';

const { chromium } = load('playwright-core');

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

/** Opens a browser that knows nothing yet. FOLDER gets screenshots, if there is one. */
export const open = async (url, folder) => {
  const { host } = new URL(url);
  const profile = await mkdtemp(join(tmpdir(), 'explorer-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
    viewport: { width: 1366, height: 768 },
    colorScheme: 'light',
    acceptDownloads: true,
  });
  // Far longer than anything takes, so that only a real failure reaches it.
  context.setDefaultTimeout(60_000);
  const page = context.pages()[0] ?? (await context.newPage());
  const complaints = [];
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(String(error)));
  context.on('request', (request) => {
    const asked = new URL(request.url());
    if (asked.protocol !== 'blob:' && asked.host !== host) complaints.push(`a request to ${asked.host}`);
  });

  const until = (condition, argument) => page.waitForFunction(condition, argument);
  return {
    page,
    context,
    complaints,
    until,
    /** Loads the page, with nothing chosen and nothing remembered. */
    start: async () => {
      await page.setViewportSize({ width: 1366, height: 768 });
      await page.emulateMedia({ colorScheme: 'light' });
      await page.goto('about:blank');
      await page.goto(url);
      await page.evaluate(() => localStorage.clear());
      await page.reload();
    },
    step: (text) => console.log(`- ${text}`),
    drawn: () => page.evaluate(() => document.getElementById('charts').explorer.drawn),
    span: () => page.evaluate(() => document.getElementById('charts').explorer.span),
    /** Waits until so many series are drawn. */
    draws: (count) => until((count) => document.getElementById('charts').explorer?.drawn.length === count, count),
    says: (text) => page.locator('#status', { hasText: text }).waitFor(),
    key: (twin, name) => page.locator(`input[data-twin="${twin}"][data-key="${name}"]`),
    hover: page.locator('#hover'),
    /** Points at a part of a lane's width. */
    pointAt: async (lane, part) => {
      const area = page.locator(`.lane[aria-label="${lane}"] .u-over`);
      await area.scrollIntoViewIfNeeded();
      // Scrolling takes the cursor away, and is heard of a frame later.
      await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
      const box = await area.boundingBox();
      const at = [box.x + box.width * part, box.y + box.height / 2];
      // The cursor moves when the mouse does.
      await page.mouse.move(at[0] - 8, at[1]);
      await page.mouse.move(...at);
      return at;
    },
    /** What a click gives to keep. */
    download: async (locator) => {
      const [file] = await Promise.all([page.waitForEvent('download'), locator.click()]);
      return readFile(await file.path());
    },
    screenshot: async (name) => { if (folder) await page.screenshot({ path: join(folder, `${name}.png`) }); },
    assertNoComplaints: () => assert.deepEqual(complaints, []),
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
};
