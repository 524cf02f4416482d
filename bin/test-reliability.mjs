// `npm run test:reliability`: the same set-up as `npm test`, then the matrix of faults, a storm, or the proofs.
import { requireNode } from './setup/node-version.mjs';

requireNode();
// Imported only now: an older Node would fail on their syntax before it could say what is wrong.
import('./setup/run-test.mjs').then((setup) => setup.runReliability(process.argv.slice(2)));
