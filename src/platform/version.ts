import { readFileSync } from 'node:fs';

/** This package's version, as in package.json, whether run from the sources or from dist. */
export const VERSION: string = readVersion();

function readVersion(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as { version: string }).version;
    } catch {
      continue; // one folder deeper in dist
    }
  }
  return '0.0.0';
}
