// Text from twins stays text, wherever the page shows it.

import assert from 'node:assert/strict';

/** What the explorer would send if it had all of these problems. */
const troubled = (overview) => ({
  ...overview,
  connection: 'lost',
  reason: 'Not <b>reachable</b>',
  partitions: [{ id: '<i>0</i>', behind: 5, problem: '<img src=x onerror="document.title=\'partition\'">' }],
  dropped: 1_234,
  droppedUntil: Date.UTC(2026, 0, 2),
});

export const markup = async ({ page, step, draws, span, until, hover, pointAt, screenshot }) => {
  step('names and values are text');
  await draws(2);
  for (const box of await page.locator('#tree input').all()) await box.check();
  await draws(3);
  await page.getByRole('button', { name: 'Zoom out' }).click();
  await page.locator('.lane[aria-label="Lifecycle"]').waitFor();
  const { from, to } = await span();
  const marks = await page.evaluate(() => document.getElementById('charts').explorer.milestones);
  assert.equal(marks.length, 2);
  for (const { time } of marks) {
    await pointAt('Lifecycle', (time - from) / (to - from));
    await hover.filter({ hasText: '<b>twin</b>' }).waitFor();
  }
  for (const part of [0.2, 0.5, 0.9]) {
    for (const lane of await page.locator('.lane').evaluateAll((lanes) => lanes.map((lane) => lane.getAttribute('aria-label')))) {
      await pointAt(lane.replaceAll('\\', '\\\\').replaceAll('"', '\\"'), part);
    }
  }
  await pointAt('Number', 0.6);
  await hover.waitFor();
  await page.getByRole('button', { name: 'Models' }).click();
  await page.locator('#tree .model').first().waitFor();
  await page.getByRole('button', { name: 'Values' }).click();
  await page.locator('#values td', { hasText: '<b>value</b>' }).first().waitFor();
  await page.getByRole('button', { name: 'Records' }).click();
  await page.locator('#rows td', { hasText: '<b>body</b>' }).first().waitFor();
  await page.locator('#rows .text').first().click();
  await page.locator('#search').fill('<img src=x onerror=');
  await until(() => document.querySelectorAll('#tree .name').length >= 1);
  await page.locator('#charts').focus();
  await page.keyboard.press('ArrowRight');
  await until(() => document.getElementById('spoken').textContent !== '');

  step('a link with such names shows them');
  await page.reload();
  await draws(3);
  await page.locator('.chip', { hasText: '<img src=x' }).first().waitFor();
  await screenshot('markup');

  step('what is wrong is said in words');
  const overview = await (await page.request.get(new URL('api/overview', page.url()).href)).json();
  await page.addInitScript((data) => {
    window.EventSource = class {
      constructor() { setTimeout(() => this.onmessage({ data }), 0); }
    };
  }, JSON.stringify(troubled(overview)));
  await page.reload();
  const notices = page.locator('#notices');
  await notices.getByText('Not <b>reachable</b>').waitFor();
  await notices.getByText('Partition <i>0</i>: <img src=x').waitFor();
  await notices.getByText('the oldest 1,234 points up to 2026-01-0').waitFor();

  assert.equal(await page.locator('body img').count(), 1, 'the icon');
  assert.equal(await page.locator('b, i').count(), 0);
  assert.equal(await page.title(), 'Twin history');
};
