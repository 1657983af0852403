// What the page says while there is nothing to draw, or nothing comes.

import assert from 'node:assert/strict';

export const states = async ({ page, draws, drawn, says, key }) => {
  await page.getByText('No records yet', { exact: true }).waitFor();
  await page.getByText('No twins yet.').waitFor();
  await says('Live');
  console.log('nothing yet');
  await draws(4);
  assert.equal(await page.locator('#empty').isVisible(), false);
  for (const { name } of await drawn()) await key(...name.split('/')).uncheck();
  await page.getByText('Nothing chosen').waitFor();
  console.log('curves');
  await says('Event hub not reachable');
  await page.locator('#notices p').first().waitFor();
  console.log('no hub');
  await says('Live');
  await page.locator('#notices').waitFor({ state: 'hidden' });
  console.log('live again');
  await says('Explorer not reachable');
};
