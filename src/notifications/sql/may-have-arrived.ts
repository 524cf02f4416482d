import { DOUBTFUL_PROVIDER } from './doubtful-provider.js';

/**
 * Whether one that waits for a retry may have arrived already, so that time, a suppression or its caller cannot end it as if
 * it had not: it is parked in doubt instead, where its provider's list, a receipt, a late word or a person ends it. Not of a
 * webhook: its receiver recognises a repetition for ever, nobody reports on it later, and the dead letters and their redrives
 * serve it better (as in `decideNext`). `n`: the alias of its row. A scalar sub-select, because the planner may hash an EXISTS
 * over all attempts there are.
 */
export const MAY_HAVE_ARRIVED = (n: string): string =>
  `(${n}.channel <> 'webhook' AND ${n}.attempts > 0 AND ${DOUBTFUL_PROVIDER(`${n}.id`)} IS NOT NULL)`;
