// Opens the explorer in Chromium, as somebody would who sees it for the first time, and checks what they see.
//
// Usage: CHROMIUM=/usr/bin/chromium node explorer.mjs charts|states URL [FOLDER]
//
// charts: the factory of the test that starts this keeps changing meanwhile. FOLDER gets screenshots, light and dark.
// states: what the page says while there is nothing to draw; the test makes the next thing happen when it reads a line.
//
// Ends with 0 and "all is well", or says what is not.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from './load.mjs';

const { chromium } = load('playwright-core');

const [part, url, folder] = process.argv.slice(2);
const host = new URL(url).host;
const profile = await mkdtemp(join(tmpdir(), 'explorer-'));

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: FLAGS,
  viewport: { width: 1280, height: 800 },
  colorScheme: 'light',
  acceptDownloads: true,
});
context.setDefaultTimeout(20_000);

const page = context.pages()[0] ?? (await context.newPage());
const complaints = [];
page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()); });
page.on('pageerror', (error) => complaints.push(String(error)));
context.on('request', (request) => {
  const asked = new URL(request.url());
  if (asked.protocol !== 'blob:' && asked.host !== host) complaints.push(`a request to ${asked.host}`);
});

const drawn = () => page.evaluate(() => document.getElementById('charts').explorer.drawn);
const span = () => page.evaluate(() => document.getElementById('charts').explorer.span);
const until = (condition, argument) => page.waitForFunction(condition, argument);
const names = async () => (await drawn()).map(({ name }) => name);
const key = (twin, name) => page.locator(`input[data-twin="${twin}"][data-key="${name}"]`);
const theme = () => page.evaluate(() => [document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor]);
const screenshot = async (name) => { if (folder) await page.screenshot({ path: join(folder, `${name}.png`) }); };
const step = (text) => console.log(`- ${text}`);

// Whatever is drawn in the middle of a lane: the canvas has more than one colour there.
const inked = (lane) => page.evaluate((lane) => {
  const canvas = document.querySelectorAll('.lane canvas')[lane];
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
}, lane);

const charts = async () => {
  step('a newcomer sees curves at once');
  await until(() => document.getElementById('charts').explorer.drawn.length === 4);
  assert.deepEqual(await names(), ['ChasisTemperature', 'Force', 'PowerUsage', 'Vibration'].map((name) => `GrindingStep/${name}`));
  for (const { points } of await drawn()) assert.ok(points > 50, `${points} points`);
  for (const lane of [0, 1, 2, 3]) assert.ok(await inked(lane) > 10, `lane ${lane} is empty`);

  step('the tree shows who is under whom');
  const tree = page.locator('#tree');
  const nested = 'li:has(> .twin > .name:text-is("ChocolateFactory")) li:has(> .twin > .name:text-is("FactoryFloor")) '
    + 'li:has(> .twin > .name:text-is("ProductionLine")) li:has(> .twin > .name:text-is("GrindingStep"))';
  await tree.locator(nested).waitFor();

  await screenshot('first');

  step('new points arrive');
  const before = await span();
  await until((to) => document.getElementById('charts').explorer.span.to > to + 1_500, before.to);
  await until(() => document.getElementById('status').textContent === 'Live');

  step('series are chosen, and the address has them');
  await key('FanningStep', 'PowerUsage').check();
  await key('MouldingStep', 'PowerUsage').check();
  await key('FanningStep', 'State').check();
  await key('MouldingStep', 'FinalStep').check();
  await key('GrindingStep', 'Vibration').uncheck();
  await until(() => document.getElementById('charts').explorer.drawn.length === 7);
  assert.equal(await page.locator('.lane').count(), 4, 'a lane for each key, and one for the states');
  assert.deepEqual((await drawn()).filter(({ kind }) => kind === 'text').map(({ name }) => name), ['FanningStep/State', 'MouldingStep/FinalStep']);
  await page.getByRole('button', { name: '15 min' }).click();
  await until(() => document.getElementById('charts').explorer.drawn[0].breaks > 0);
  await page.reload();
  await until(() => document.getElementById('charts').explorer.drawn.length === 7);
  assert.ok(await key('MouldingStep', 'PowerUsage').isChecked());
  assert.equal(await page.getByRole('button', { name: '15 min' }).getAttribute('aria-pressed'), 'true');

  step('the cursor shows exact values and times');
  const force = page.locator('.lane[aria-label="Force"] .u-over');
  const box = await force.boundingBox();
  const at = (part) => [box.x + box.width * part, box.y + box.height / 2];
  await page.mouse.move(...at(0.9));
  await page.mouse.move(...at(0.91));
  const hover = page.locator('#hover');
  await hover.waitFor();
  const shown = await hover.innerText();
  assert.match(shown, /GrindingStep · Force\s+\d{3}\.\d+\s+20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z/);
  await screenshot('light');

  step('dragging zooms, and a double click goes back');
  const wide = await span();
  await page.mouse.move(...at(0.2));
  await page.mouse.down();
  await page.mouse.move(...at(0.3), { steps: 4 });
  await page.mouse.up();
  await until((wide) => {
    const { from, to } = document.getElementById('charts').explorer.span;
    return to - from < wide / 5;
  }, wide.to - wide.from);
  assert.equal(await page.locator('#status').textContent(), 'Paused');
  assert.match(page.url(), /from=\d+/);
  const still = await span();
  await page.mouse.dblclick(...at(0.5));
  await until((still) => document.getElementById('charts').explorer.span.to > still, still.to + 60_000);
  assert.equal(await page.locator('#status').textContent(), 'Live');

  step('pausing stops the charts, not the reading');
  await page.getByRole('button', { name: 'Pause' }).click();
  const paused = await span();
  const count = () => page.locator('#counters').textContent();
  const counted = await count();
  await until((counted) => document.getElementById('counters').textContent !== counted, counted);
  assert.deepEqual(await span(), paused);
  await page.getByRole('button', { name: 'Live' }).click();

  step('averages come with their lowest and highest');
  await page.getByLabel('Interval').selectOption('10s');
  await until(() => document.getElementById('charts').explorer.drawn[0].interval === 10_000);
  await page.mouse.move(...at(0.9));
  await page.mouse.move(...at(0.91));
  await hover.filter({ hasText: '⌀' }).waitFor();
  assert.match(await hover.innerText(), /⌀ \d+[\s\S]* … [\s\S]* values/);
  await screenshot('averages');
  await page.getByLabel('Interval').selectOption('auto');

  step('one chart can hold all, with an axis for each key');
  await page.getByLabel('Axes').selectOption('overlap');
  await until(() => document.querySelectorAll('.lane').length === 2);
  await page.mouse.move(5, 5);
  await screenshot('overlap');
  await page.getByLabel('Axes').selectOption('stacked');
  await until(() => document.querySelectorAll('.lane').length === 4);

  step('the keyboard does what the mouse does');
  await page.locator('#charts').focus();
  await page.keyboard.press('ArrowRight');
  await hover.waitFor();
  await page.keyboard.press('+');
  await until(() => document.getElementById('status').textContent === 'Paused');
  await page.keyboard.press('Escape');
  await until(() => document.getElementById('status').textContent === 'Live');
  await page.locator('#search').focus();

  step('the records are listed, newest first, and can be narrowed');
  await page.locator('#rows tbody tr').first().waitFor();
  await page.locator('#only').check();
  await until(() => [...document.querySelectorAll('#rows .text')].every(({ textContent }) => {
    const { Id, Key } = JSON.parse(textContent);
    return document.querySelector(`input[data-twin="${Id}"][data-key="${Key}"]`)?.checked;
  }));
  const times = await page.locator('#rows tbody tr td:first-child').allTextContents();
  assert.ok(times.length > 20);
  assert.deepEqual(times, times.toSorted().reverse());
  await page.locator('#only').uncheck();

  step('what is shown can be downloaded');
  const download = async (name) => {
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name, exact: true }).click()]);
    return (await readFile(await file.path(), 'utf8')).trim().split('\n');
  };
  const csv = await download('CSV');
  assert.equal(csv[0].trim(), 'TimeStamp,SourceTimeStamp,Id,Key,Value,Action');
  assert.ok(csv.length > 1_000, `${csv.length} lines`);
  const ndjson = (await download('NDJSON')).map((line) => JSON.parse(line));
  assert.ok(ndjson.some(({ Key, Action }) => Key === 'Force' && Action === 'Delete'), 'the removal is in the file');

  step('a search finds twins by their keys');
  await page.locator('#search').fill('roasting');
  await until(() => document.querySelectorAll('#tree .name').length === 1);
  assert.equal(await tree.locator('.name').textContent(), 'FanningStep');
  await page.locator('#search').fill('');
  await tree.locator(nested).waitFor();

  step('dark is dark, by the system and by the button');
  const [, light] = await theme();
  await page.emulateMedia({ colorScheme: 'dark' });
  await until(() => document.documentElement.dataset.theme === 'dark');
  const [, dark] = await theme();
  assert.notEqual(light, dark);
  await page.mouse.move(...at(0.7));
  await page.mouse.move(...at(0.71));
  await screenshot('dark');
  await page.getByRole('button', { name: 'Switch to the light theme' }).click();
  assert.deepEqual(await theme(), ['light', light]);
  await page.reload();
  await until(() => document.getElementById('charts').explorer.drawn.length === 7);
  assert.deepEqual(await theme(), ['light', light], 'the choice outlives a reload');
  assert.deepEqual(complaints, []);
};

const states = async () => {
  const says = (text) => page.locator('#status', { hasText: text }).waitFor();
  await page.getByText('No records yet', { exact: true }).waitFor();
  await page.getByText('No twins yet.').waitFor();
  await says('Live');
  console.log('nothing yet');
  await until(() => document.getElementById('charts').explorer.drawn.length === 4);
  assert.equal(await page.locator('#empty').isVisible(), false);
  for (const { name } of await drawn()) await key(...name.split('/')).uncheck();
  await page.getByText('Nothing chosen').waitFor();
  assert.deepEqual(complaints, []);
  console.log('curves');
  await says('Event hub not reachable');
  console.log('no hub');
  await says('Live');
  console.log('live again');
  await says('Explorer not reachable');
};

try {
  await page.goto(url);
  await { charts, states }[part]();
  console.log('all is well');
} catch (error) {
  await screenshot('failure');
  console.error(error, complaints);
  process.exitCode = 1;
} finally {
  await context.close();
  await rm(profile, { recursive: true, force: true });
}
