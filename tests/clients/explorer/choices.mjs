// How series are found, and how they are drawn.

import assert from 'node:assert/strict';

export const choices = async ({ page, step, draws, drawn, until, key, hover, pointAt, screenshot }) => {
  const tree = page.locator('#tree');
  const names = () => tree.locator('.name').allTextContents();
  const first = (field) => until(([field, wanted]) => document.getElementById('charts').explorer.drawn[0]?.[field] === wanted, field);
  await draws(4);

  step('twins are found by search and by model');
  await page.locator('#search').fill('roasting');
  await until(() => document.querySelectorAll('#tree .name').length === 1);
  assert.deepEqual(await names(), ['FanningStep']);
  await page.locator('#search').fill('digital_factory:mould');
  await tree.locator('.name', { hasText: 'MouldingStep' }).waitFor();
  await until(() => document.querySelectorAll('#tree .name').length === 1);
  await page.locator('#search').fill('');
  await page.getByRole('button', { name: 'Models' }).click();
  await tree.locator('.model', { hasText: 'GrindingStep;1' }).waitFor();
  const models = await tree.locator('.model').allTextContents();
  assert.deepEqual(models, ['Model not known', 'FanningStep;1', 'GrindingStep;1', 'MouldingStep;1']);
  await tree.locator('li:has(> .twin > .model:text-is("FanningStep;1")) .name:text-is("FanningStep")').waitFor();
  await page.getByRole('button', { name: 'Hierarchy' }).click();
  await key('FanningStep', 'RoastingTime').waitFor();

  step('whole numbers of which there are few are steps');
  await key('FanningStep', 'RoastingTime').check();
  await draws(5);
  const roasting = (await drawn()).find(({ name }) => name === 'FanningStep/RoastingTime');
  assert.equal(roasting.kind, 'step');
  await page.getByLabel('Lines').selectOption('slopes');
  await until(() => document.getElementById('charts').explorer.drawn.every(({ kind }) => kind === 'number'));
  await page.getByLabel('Lines').selectOption('steps');
  await until(() => document.getElementById('charts').explorer.drawn.every(({ kind }) => kind === 'step'));
  await page.getByLabel('Lines').selectOption('auto');

  step('each measure over an interval');
  await page.getByLabel('Interval').selectOption('10s');
  await first(['interval', 10_000]);
  await pointAt('Force', 0.95);
  await hover.filter({ hasText: '⌀' }).waitFor();
  assert.match(await hover.innerText(), /⌀ \d+[\s\S]* … [\s\S]* values/);
  await screenshot('averages');
  for (const [measure, shown] of [['min', /min \d{3}/], ['max', /max \d{3}/], ['last', /last \d{3}/], ['count', /count \d{1,2}\b/]]) {
    await page.getByLabel('Show').selectOption(measure);
    await first(['measure', measure]);
    await pointAt('Force', 0.9);
    await pointAt('Force', 0.95);
    await hover.filter({ hasText: measure }).waitFor();
    assert.match(await hover.innerText(), shown);
  }
  await page.getByLabel('Interval').selectOption('auto');
  await until(() => document.getElementById('charts').explorer.drawn.every(({ interval }) => interval > 0 && interval < 10_000));
  await page.getByLabel('Show').selectOption('avg');
  await first(['interval', 0]);

  step('one chart can hold all, with an axis for each key, or with one');
  await page.getByLabel('Axes').selectOption('overlap');
  await until(() => document.querySelectorAll('.lane[aria-label*=","]').length === 1);
  assert.ok(await page.locator('.lane[aria-label*=","] .u-axis').count() >= 4);
  await page.mouse.move(5, 5);
  await screenshot('overlap');
  await page.getByLabel('Axes').selectOption('shared');
  await until(() => document.querySelector('.lane[aria-label*=","]').querySelectorAll('.u-axis').length <= 2);
  await screenshot('shared');
  await page.getByLabel('Axes').selectOption('stacked');
  await until(() => document.querySelectorAll('.lane').length >= 5);

  step('the same hours of yesterday lie beside');
  await key('FanningStep', 'State').check();
  await page.getByRole('button', { name: '15 min' }).click();
  await page.getByLabel('Yesterday').check();
  await draws(12);
  const before = (await drawn()).filter(({ shift }) => shift === 86_400_000);
  assert.equal(before.length, 6);
  for (const { name, points } of before) assert.ok(points > 5, `${name} has ${points} points of yesterday`);
  await page.getByText('dashed: yesterday').first().waitFor();
  await pointAt('Force', 0.85);
  await hover.filter({ hasText: 'GrindingStep · Force, yesterday' }).waitFor();
  const [today, yesterday] = (await hover.innerText()).match(/20\d\d-\d\d-\d\dT[\d:]{8}/g).map((time) => Date.parse(`${time}Z`));
  assert.ok(Math.abs(today - yesterday - 86_400_000) < 60_000, 'each with its own day');
  await screenshot('yesterday');
  await page.reload();
  await draws(12);
  await page.getByLabel('Yesterday').uncheck();
  await draws(6);

  step('times are local, or of UTC');
  await page.getByLabel('Times').selectOption('utc');
  await until(() => location.hash.includes('zone=utc'));
  await pointAt('Force', 0.95);
  const text = await hover.innerText();
  const [, shown] = text.match(/^20\d\d-\d\d-\d\d (\d\d:\d\d)/);
  const [, exact] = text.match(/T(\d\d:\d\d):\d\d\.\d{7}Z/);
  const minutes = (time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
  assert.ok(Math.abs(minutes(shown) - minutes(exact)) <= 1, `${shown} and ${exact}`);
  await page.getByLabel('Times').selectOption('local');
};
