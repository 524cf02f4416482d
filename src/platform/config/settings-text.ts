import { type Setting, SETTINGS } from './environment.js';

/** The settings as people read them: `.env.example` and the table in the README, both generated. */

const ENV_HEAD = [
  '# Settings of Posthaste, generated from src/platform/config/environment.ts ("npm run generate").',
  '# Each has a twin that ends in _FILE and names a file with the value, for mounted secrets.',
  '# Copy to .env, which "npm start" and "docker compose" read. What is set in the environment wins.',
];

/** Compose's own; the service never reads it. */
const ENV_COMPOSE = [
  '# Only for docker compose: the password of its PostgreSQL, letters and digits.',
  '# POSTGRES_PASSWORD=',
];

export function envExample(settings: readonly Setting[] = SETTINGS): string {
  const entries = settings.map((setting) => [
    `# ${setting.sentence}`,
    `# ${setting.key}=${setting.default ?? ''}`,
  ]);
  return [ENV_HEAD, ...entries, ENV_COMPOSE].map((lines) => `${lines.join('\n')}\n`).join('\n');
}

export function settingsTable(settings: readonly Setting[] = SETTINGS): string {
  const cells = settings.map((setting) => [
    `\`${setting.key}\``,
    setting.default ? `\`${setting.default}\`` : '',
    setting.sentence.replaceAll('|', '\\|'),
  ]);
  const rows = [['Variable', 'Default', 'Meaning'], ...cells];
  // Padded as Prettier pads, so that formatting never makes the table stale.
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join('\n');
}

const BEGIN = '<!-- settings:begin -->';
const END = '<!-- settings:end -->';

/** Puts the table between the markers. Throws when the text has none. */
export function withSettingsTable(text: string, table: string): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`README.md must hold ${BEGIN} and, below it, ${END}.`);
  return `${text.slice(0, begin)}${BEGIN}\n\n${table}\n\n${text.slice(end)}`;
}
