// Opens the explorer in Chromium, as somebody would who sees it for the first time, and checks what they see.
//
// Usage: CHROMIUM=/usr/bin/chromium node explorer.mjs charts|states|markup URL [FOLDER]
//
// charts: the factory of the test that starts this keeps changing meanwhile. FOLDER gets screenshots, light and dark.
// states: what the page says while there is nothing to draw; the test makes the next thing happen when it reads a line.
// markup: all names and values are such that they would be markup, or scripts, if they were taken for that.
//
// Ends with 0 and "all is well", or says what is not.

import { charts } from './explorer/charts.mjs';
import { choices } from './explorer/choices.mjs';
import { markup } from './explorer/markup.mjs';
import { open } from './explorer/page.mjs';
import { sizes } from './explorer/sizes.mjs';
import { states } from './explorer/states.mjs';
import { windows } from './explorer/windows.mjs';

const PARTS = { charts: [charts, choices, windows, sizes], states: [states], markup: [markup] };

const [part, url, folder] = process.argv.slice(2);
const opened = await open(url, folder);
try {
  for (const check of PARTS[part]) {
    await opened.start();
    await check(opened);
    opened.assertNoComplaints();
  }
  console.log('all is well');
} catch (error) {
  await opened.screenshot('failure');
  console.error(error, opened.complaints);
  process.exitCode = 1;
} finally {
  await opened.close();
}
