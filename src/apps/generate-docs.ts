import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { envExample, settingsTable, withSettingsTable } from '../platform/config/settings-text.js';

/** Writes what is generated from the settings; with `--check`, only says whether it is up to date (exit code 1). */
function generate(isCheck: boolean): number {
  const stale = [
    update('.env.example', () => envExample(), isCheck),
    update('README.md', intoReadme, isCheck),
  ].filter((path) => path !== undefined);
  if (stale.length === 0) return 0;
  process.stdout.write(
    isCheck
      ? `Not up to date: ${stale.join(', ')}. Run "npm run generate".\n`
      : `Written: ${stale.join(', ')}\n`,
  );
  return isCheck ? 1 : 0;
}

const intoReadme = (before: string): string => withSettingsTable(before, settingsTable());

/** The path, when its text is another one. */
function update(path: string, next: (before: string) => string, isCheck: boolean): string | undefined {
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const after = next(before);
  if (after === before) return undefined;
  if (!isCheck) writeFileSync(path, after);
  return path;
}

process.exitCode = generate(process.argv.includes('--check'));
