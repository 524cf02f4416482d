// `npm start`: everything embedded, for a first run. Needs nothing but Node and npm: no import of a package here.
import { requireNode } from './setup/node-version.mjs';

requireNode();
// Imported only now: an older Node would fail on their syntax before it could say what is wrong.
import('./setup/run-start.mjs').then((setup) => setup.runStart());
