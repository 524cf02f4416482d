/** For who writes a suppression in a transaction of its own and has the draft already. */
export { addSuppressions as addDrafts } from './sql/add-suppressions.js';
