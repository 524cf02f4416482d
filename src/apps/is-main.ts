import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** Whether this module is what `node` was asked to run, through links and with spaces in its path. */
export const isMain = (moduleUrl: string): boolean =>
  process.argv[1] !== undefined && pathToFileURL(realpathSync(process.argv[1])).href === moduleUrl;
