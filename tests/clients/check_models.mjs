// Checks DTDL models with Microsoft's parser of them.
//
// Usage: node check_models.mjs FOLDER...
//
// A FOLDER has a set of models, which need nothing outside of it: one, or an array, in each of its .json files.
//
// Prints `FOLDER: valid: ID` for each interface of a set, or `FOLDER: wrong: REASON` for each thing that is wrong with
// it. Ends with 1 if anything is.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
// By its path, because it exports nothing to the require of load.mjs.
import { getInterop } from '../../target/clients/node_modules/@digicatapult/dtdl-parser/build/index.js';

const { parse } = await getInterop();

/** The ids of the interfaces, and what is wrong. */
const check = (models) => {
  if (models.length === 0) return { wrong: ['there is no model'] };
  let entities;
  try {
    entities = Object.values(JSON.parse(parse(JSON.stringify(models))));
  } catch (error) {
    return { wrong: error.message.split('\n') };
  }
  const ids = entities.filter(({ EntityKind }) => EntityKind === 'Interface').map(({ Id }) => Id);
  // The parser leaves open what a relationship points at.
  const lost = entities.filter(({ EntityKind, target }) => EntityKind === 'Relationship' && target && !ids.includes(target));
  return { ids, wrong: lost.map(({ name, target }) => `there is no ${target}, at which ${name} points`) };
};

let complaints = 0;
for (const folder of process.argv.slice(2)) {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const { ids, wrong } = check(files.flatMap((name) => JSON.parse(readFileSync(join(folder, name), 'utf8'))));
  complaints += wrong.length;
  if (wrong.length > 0) wrong.forEach((reason) => console.log(`${folder}: wrong: ${reason}`));
  else ids.sort().forEach((id) => console.log(`${folder}: valid: ${id}`));
}
process.exit(complaints === 0 && process.argv.length > 2 ? 0 : 1);
