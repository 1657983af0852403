// The page on a laptop and on a phone: nothing reaches over the edge, everything can be hit with a finger.

import assert from 'node:assert/strict';

const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

/** Whatever can be pressed and is lower or narrower than so many pixels. */
const small = (page, least) => page.evaluate((least) => [...document.querySelectorAll('button, select, a[href], input')]
  .map((one) => [one, (one.type === 'checkbox' ? one.closest('label') : one).getBoundingClientRect()])
  .filter(([one, { width, height }]) => width > 1 && (width < least || height < least) && one.id !== 'skip')
  .map(([one, { width, height }]) => `${one.id || one.className || one.textContent} ${Math.round(width)} × ${Math.round(height)}`), least);

export const sizes = async ({ page, context, step, draws, span, until, key, screenshot }) => {
  await draws(4);
  for (const name of ['State', 'RoastingTime', 'PowerUsage']) await key('FanningStep', name).check();
  await page.getByRole('button', { name: '15 min' }).click();
  await draws(7);

  step('a laptop shows tools, charts and where the tables are at once');
  assert.equal(await overflow(page), 0);
  const visible = await page.locator('.panel').evaluate((panel) => panel.getBoundingClientRect().bottom <= innerHeight);
  assert.ok(visible, 'the panel is in view');
  assert.deepEqual(await small(page, 24), []);
  await screenshot('laptop');

  step('a phone shows the charts, and the twins when they are asked for');
  await page.setViewportSize({ width: 390, height: 844 });
  await until(() => document.querySelector('.lane canvas').getBoundingClientRect().right <= innerWidth);
  assert.equal(await overflow(page), 0);
  assert.equal(await page.locator('#tree').isVisible(), false);
  assert.deepEqual(await small(page, 32), []);
  await screenshot('phone');
  const twins = page.getByRole('button', { name: 'Twins', exact: true });
  await twins.click();
  await key('GrindingStep', 'Force').waitFor();
  assert.equal(await overflow(page), 0);
  assert.deepEqual(await small(page, 32), []);
  await screenshot('phone-twins');
  await twins.click();
  await page.getByRole('button', { name: 'Options' }).click();
  await page.getByLabel('Interval').waitFor();
  assert.equal(await overflow(page), 0);
  assert.deepEqual(await small(page, 32), []);
  await screenshot('phone-options');
  await page.getByRole('button', { name: 'Options' }).click();

  step('a finger moves the window, and two zoom');
  const client = await context.newCDPSession(page);
  await client.send('Emulation.setTouchEmulationEnabled', { enabled: true, maxTouchPoints: 2 });
  const lane = page.locator('.lane[aria-label="Force"] .u-over');
  await lane.scrollIntoViewIfNeeded();
  const box = await lane.boundingBox();
  const y = box.y + box.height / 2;
  const touch = (type, ...xs) => client.send('Input.dispatchTouchEvent', { type, touchPoints: xs.map((part, id) => ({ x: box.x + box.width * part, y, id })) });
  const before = await span();
  await touch('touchStart', 0.3);
  for (const at of [0.35, 0.45, 0.6, 0.7]) await touch('touchMove', at);
  await touch('touchEnd');
  await until((from) => document.getElementById('charts').explorer.span.from < from, before.from - (before.to - before.from) / 5);
  await until(() => location.hash.includes('from='));
  const moved = await span();
  await touch('touchStart', 0.4, 0.6);
  for (const by of [0.02, 0.06, 0.1, 0.2]) await touch('touchMove', 0.4 - by, 0.6 + by);
  await touch('touchEnd');
  await until((width) => {
    const { from, to } = document.getElementById('charts').explorer.span;
    return to - from < width;
  }, (moved.to - moved.from) * 0.7);
  await client.send('Emulation.setTouchEmulationEnabled', { enabled: false });
};
