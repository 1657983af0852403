// Moving through time, with the mouse, the wheel and the keyboard.

import assert from 'node:assert/strict';

export const windows = async ({ page, step, draws, span, until, says, hover, pointAt }) => {
  const width = ({ from, to }) => to - from;
  const isNarrower = (than) => until((than) => {
    const { from, to } = document.getElementById('charts').explorer.span;
    return to - from < than;
  }, than);
  const startsBefore = (than) => until((than) => document.getElementById('charts').explorer.span.from < than, than);
  const drag = async (from, to) => {
    await page.mouse.move(...from);
    await page.mouse.down();
    await page.mouse.move(...to, { steps: 4 });
    await page.mouse.up();
  };
  await draws(4);
  const middle = await pointAt('Force', 0.5);
  const left = await pointAt('Force', 0.2);

  step('dragging zooms, and a double click goes back');
  const wide = await span();
  await drag(left, [left[0] + 80, left[1]]);
  await isNarrower(width(wide) / 5);
  await says('Paused');
  assert.match(page.url(), /from=\d+/);
  const still = await span();
  await page.mouse.dblclick(...middle);
  await until((still) => document.getElementById('charts').explorer.span.to > still, still.to + 60_000);
  await says('Live');

  step('dragging with the shift key, and the wheel, move the window');
  const before = await span();
  await page.keyboard.down('Shift');
  await drag(left, middle);
  await page.keyboard.up('Shift');
  await says('Paused');
  await startsBefore(before.from - width(before) / 5);
  const moved = await span();
  assert.ok(Math.abs(width(moved) - width(before)) < width(before) / 20, 'as wide as before');
  await page.mouse.wheel(-200, 0);
  await startsBefore(moved.from - 1);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -400);
  await page.keyboard.up('Control');
  await isNarrower(width(moved) * 0.8);

  step('a link to a window shows that window');
  await until(() => location.hash.includes(`from=${document.getElementById('charts').explorer.span.from}`));
  const linked = await span();
  await page.reload();
  await draws(4);
  await until(({ from, to }) => {
    const { span } = document.getElementById('charts').explorer;
    return Math.abs(span.from - from) < 1 && Math.abs(span.to - to) < 1;
  }, linked);
  await page.getByRole('button', { name: 'Reset zoom' }).click();
  await says('Live');

  step('pausing stops the charts, not the reading');
  await page.getByRole('button', { name: 'Pause' }).click();
  const paused = await span();
  const counted = await page.locator('#counters').textContent();
  await until((counted) => document.getElementById('counters').textContent !== counted, counted);
  assert.deepEqual(await span(), paused);
  await page.getByRole('button', { name: 'Live' }).click();

  step('the buttons move and zoom');
  for (const [name, check] of [
    ['Earlier', (now, was) => now.from < was.from && now.to < was.to],
    ['Later', (now, was) => now.from > was.from && now.to > was.to],
    ['Zoom in', (now, was) => now.from > was.from && now.to < was.to],
    ['Zoom out', (now, was) => now.from < was.from && now.to > was.to],
  ]) {
    const was = await span();
    await page.getByRole('button', { name, exact: true }).click();
    await until(({ from }) => document.getElementById('charts').explorer.span.from !== from, was);
    assert.ok(check(await span(), was), name);
  }
  await page.getByRole('button', { name: 'Reset zoom' }).click();
  await says('Live');

  step('a window can be typed in');
  const typed = await span();
  await page.getByRole('button', { name: 'From – to' }).click();
  const start = await page.getByLabel('From', { exact: true }).inputValue();
  await page.getByLabel('To', { exact: true }).fill('1999-01-01T00:00:00');
  assert.ok(await page.getByRole('button', { name: 'Show', exact: true }).isDisabled(), 'the end is before the start');
  const later = new Date(`${start}Z`);
  later.setUTCSeconds(later.getUTCSeconds() + 90);
  await page.getByLabel('To', { exact: true }).fill(later.toISOString().slice(0, 19));
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await until(() => {
    const { from, to } = document.getElementById('charts').explorer.span;
    return to - from === 90_000;
  });
  assert.ok(Math.abs((await span()).from - typed.from) < 30_000);
  await page.getByRole('button', { name: 'Reset zoom' }).click();
  await says('Live');

  step('the keyboard does what the mouse does, and the values are spoken');
  await page.locator('body').press('Tab');
  await page.evaluate(() => document.activeElement.blur());
  await page.locator('#skip').focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'charts');
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowLeft');
  await hover.waitFor();
  await until(() => /GrindingStep · Force \d/.test(document.getElementById('spoken').textContent));
  const live = await span();
  await page.keyboard.press('+');
  await says('Paused');
  // What comes next is compared with the window that the zoom leads to, not with the one before.
  await isNarrower(width(live));
  const zoomed = await span();
  await page.keyboard.press('PageUp');
  await startsBefore(zoomed.from - 1);
  await page.keyboard.press('Escape');
  await says('Live');
};
