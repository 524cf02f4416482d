import { fileURLToPath } from 'node:url';

/** The checkout: this file is run from dist/bench/support. */
export const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
