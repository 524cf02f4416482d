// `npm test`: the same set-up as `npm start`, then every test. Further arguments go to vitest.
import { requireNode } from './setup/node-version.mjs';

requireNode();
// Imported only now: an older Node would fail on their syntax before it could say what is wrong.
import('./setup/run-test.mjs').then((setup) => setup.runTest(process.argv.slice(2)));
