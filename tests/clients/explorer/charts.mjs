// What a newcomer sees, points at and keeps.

import assert from 'node:assert/strict';

/** Whatever is drawn in the middle of a lane: the canvas has more than one colour there. */
const inked = (page, lane) => page.evaluate((lane) => {
  const canvas = document.querySelectorAll('.lane canvas')[lane];
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
}, lane);

const theme = (page) => page.evaluate(() => [document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor]);

export const charts = async ({ page, step, draws, drawn, span, until, says, key, hover, pointAt, download, screenshot }) => {
  step('a newcomer sees curves at once');
  await draws(4);
  const names = (await drawn()).map(({ name }) => name);
  assert.deepEqual(names, ['ChasisTemperature', 'Force', 'PowerUsage', 'Vibration'].map((name) => `GrindingStep/${name}`));
  for (const { points } of await drawn()) assert.ok(points > 50, `${points} points`);
  for (const lane of [0, 1, 2, 3]) assert.ok(await inked(page, lane) > 10, `lane ${lane} is empty`);

  step('the tree shows who is under whom');
  const nested = 'li:has(> .twin > .name:text-is("ChocolateFactory")) li:has(> .twin > .name:text-is("FactoryFloor")) '
    + 'li:has(> .twin > .name:text-is("ProductionLine")) li:has(> .twin > .name:text-is("GrindingStep"))';
  await page.locator('#tree').locator(nested).waitFor();
  await screenshot('first');

  step('new points arrive');
  const before = await span();
  await until((to) => document.getElementById('charts').explorer.span.to > to + 1_500, before.to);
  await says('Live');

  step('series are chosen, and the address has them');
  await key('FanningStep', 'PowerUsage').check();
  await key('MouldingStep', 'PowerUsage').check();
  await key('FanningStep', 'State').check();
  await key('MouldingStep', 'FinalStep').check();
  await key('GrindingStep', 'Vibration').uncheck();
  await draws(7);
  const lanes = await page.locator('.lane').evaluateAll((lanes) => lanes.map((lane) => lane.getAttribute('aria-label')));
  const sorted = ['ChasisTemperature', 'FinalStep', 'Force', 'PowerUsage', 'State'];
  assert.deepEqual(lanes.filter((lane) => lane !== 'Lifecycle').toSorted(), sorted, 'a lane for each key');
  assert.deepEqual((await drawn()).filter(({ kind }) => kind === 'text').map(({ name }) => name), ['FanningStep/State', 'MouldingStep/FinalStep']);
  await page.getByRole('button', { name: '15 min' }).click();
  await until(() => document.getElementById('charts').explorer.drawn[0].breaks > 0);
  await page.reload();
  await draws(7);
  assert.ok(await key('MouldingStep', 'PowerUsage').isChecked());
  assert.equal(await page.getByRole('button', { name: '15 min' }).getAttribute('aria-pressed'), 'true');

  step('the cursor shows exact values and times');
  await pointAt('Force', 0.95);
  await hover.waitFor();
  assert.match(await hover.innerText(), /GrindingStep · Force\s+\d{3}\.\d+\s+20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z/);
  await screenshot('light');

  step('what happened to twins and relationships is marked');
  const marks = await page.evaluate(() => document.getElementById('charts').explorer.milestones);
  assert.deepEqual(marks.map(({ twin, relationship, ends }) => [twin, relationship?.target ?? null, ends]), [
    ['ProductionLine', 'GrindingStep', false], ['ProductionLine', 'GrindingStep', true], ['GrindingStep', null, false],
  ]);
  const { from, to } = await span();
  await pointAt('Lifecycle', (marks[2].time - from) / (to - from));
  await hover.filter({ hasText: 'GrindingStep created' }).waitFor();
  await pointAt('Lifecycle', (marks[1].time - from) / (to - from));
  await hover.filter({ hasText: 'ProductionLine → GrindingStep (rel_runs_steps) deleted' }).waitFor();

  step('the records are listed, newest first, and can be narrowed');
  await page.getByRole('button', { name: 'Records' }).click();
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

  step('what is drawn is also a table');
  await page.getByRole('button', { name: 'Values' }).click();
  await page.locator('#values tbody tr').first().waitFor();
  const heads = await page.locator('#values thead th').allTextContents();
  assert.ok(heads.includes('GrindingStep · Force') && heads.includes('FanningStep · State'), heads.join(', '));
  const newest = await page.locator('#values tbody tr').first().locator('td').allTextContents();
  assert.match(newest[0], /^\d{3}\.\d+$/);
  await screenshot('values');
  await page.getByRole('button', { name: 'Values' }).click();

  step('what is shown can be downloaded');
  const link = (name) => page.getByRole('link', { name, exact: true });
  const lines = async (name) => (await download(link(name))).toString().trim().split('\n');
  const csv = await lines('CSV');
  assert.equal(csv[0].trim(), 'TimeStamp,SourceTimeStamp,Id,Key,Value,Action');
  assert.ok(csv.length > 1_000, `${csv.length} lines`);
  const ndjson = (await lines('NDJSON')).map((line) => JSON.parse(line));
  assert.ok(ndjson.some(({ Key, Action }) => Key === 'Force' && Action === 'Delete'), 'the removal is in the file');
  const png = await download(page.getByRole('button', { name: 'PNG' }));
  assert.equal(png.subarray(1, 4).toString(), 'PNG');
  const [wide, high] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  assert.ok(wide > 900 && high > 400, `a picture of ${wide} × ${high}`);

  step('dark is dark, by the system and by the button');
  const [, light] = await theme(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  await until(() => document.documentElement.dataset.theme === 'dark');
  const [, dark] = await theme(page);
  assert.notEqual(light, dark);
  await pointAt('Force', 0.7);
  await screenshot('dark');
  await page.getByRole('button', { name: 'Switch to the light theme' }).click();
  assert.deepEqual(await theme(page), ['light', light]);
  await page.reload();
  await draws(7);
  assert.deepEqual(await theme(page), ['light', light], 'the choice outlives a reload');
};
