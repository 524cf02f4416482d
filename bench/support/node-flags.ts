import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './root.js';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: { 'start:prod': string };
};

/** What `npm run start:prod` tells Node. The references are told the same: a larger heap is none of our merits. */
export const NODE_FLAGS = flagsOf(scripts['start:prod']);

function flagsOf(command: string): string[] {
  const found = /^exec node (.*)dist\/src\/main\.js$/.exec(command);
  if (!found) throw new Error(`start:prod is not as the bench knows it: ${command}`);
  return found[1]!.split(' ').filter((word) => word !== '');
}
