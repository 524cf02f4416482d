// `npm run demo`: a few of each channel into a running sandbox, then their stories. Needs nothing but Node.
import { requireNode } from './setup/node-version.mjs';

requireNode();
// Imported only now: an older Node would fail on their syntax before it could say what is wrong.
import('./demo/run-demo.mjs').then((demo) => demo.runDemo());
