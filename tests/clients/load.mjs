// Loads a package that install.sh has put under target/clients, where Node.js would not look by itself.

import { createRequire } from 'node:module';

export const load = createRequire(new URL('../../target/clients/package.json', import.meta.url));
