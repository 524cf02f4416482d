import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';

import { root } from './root.js';
import type { Spread } from './statistics.js';

/** A figure against a reference measured in the same run. Without a goal it is only told. */
export type Ratio =
  { what: string; value: number } | { what: string; value: number; goal: number; isMet: boolean };

/** What a question came to. */
export interface Answer {
  question: string;
  table: readonly (readonly string[])[];
  /** The one figure that counts. */
  ratio: Ratio;
  /** Further ones that are judged. */
  alsoJudged?: readonly Ratio[];
  notes: readonly string[];
  /** Everything that was measured, for whoever compares. */
  raw: unknown;
}

export function printAnswer({ question, table, ratio, alsoJudged = [], notes }: Answer): void {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  ');
  console.log(`\n${question}\n`);
  table.forEach((row, at) => {
    console.log(`  ${line(row)}`);
    if (at === 0) console.log(`  ${widths.map((width) => '─'.repeat(width)).join('  ')}`);
  });
  console.log();
  [ratio, ...alsoJudged].forEach((one) =>
    console.log(`  ${one.what}: ${one.value.toFixed(2)}${verdictOn(one)}`),
  );
  notes.forEach((note) => console.log(`  ${note}`));
}

const verdictOn = (ratio: Ratio): string =>
  'goal' in ratio ? `  (goal ${ratio.goal}: ${ratio.isMet ? 'met' : 'missed'})` : '';

/** One file a run, so that runs can be compared later. */
export function keepAnswer(name: string, answer: Answer): string {
  const folder = join(root, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const at = new Date().toISOString();
  const path = join(folder, `${name}-${at.replaceAll(':', '-').slice(0, 19)}.json`);
  writeFileSync(
    path,
    `${JSON.stringify({ name, at, commit: commit(), machine: machine(), ...answer }, null, 2)}\n`,
  );
  return path;
}

export const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
export const decimal = (value: number): string => value.toFixed(value < 10 ? 2 : 1);
export const spread = (of: Spread, write: (value: number) => string = whole): string =>
  `${write(of.median)} [${write(of.min)}–${write(of.max)}]`;

const machine = (): object => ({
  cpu: cpus()[0]?.model.trim(),
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
});

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
