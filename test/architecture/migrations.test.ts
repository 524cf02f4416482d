import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

const FOLDER = new URL('../../migrations/', import.meta.url);

/** Before this one no version had been rolled out beside another: they were only ever run on what nobody used. */
const FIRST_BESIDE = 1_764_000_000_100;

interface Migration {
  name: string;
  text: string;
  /** What `up` runs, statement by statement. */
  up: string[];
}

const MIGRATIONS: Migration[] = readdirSync(FOLDER)
  .filter((name) => Number(name.slice(0, 13)) >= FIRST_BESIDE)
  .map((name) => {
    const text = readFileSync(new URL(name, FOLDER), 'utf8');
    return { name, text, up: statementsOf(text) };
  });

function statementsOf(text: string): string[] {
  const up = text.slice(text.indexOf('async up('), text.indexOf('async down('));
  return [...up.matchAll(/`([^`]+)`/g)].map(([, statement]) => statement!.replace(/\s+/g, ' ').trim());
}

const created = ({ up }: Migration): string[] =>
  up.flatMap((statement) => /^CREATE TABLE (?:IF NOT EXISTS )?(\w+)/.exec(statement)?.[1] ?? []);

/** What breaks a process of the version before, or stops it for as long as a table is read or written through. */
const UNSAFE: readonly [rule: RegExp, why: string][] = [
  [/\bDROP COLUMN\b/, 'the version before still reads it: drop it one version after the last that does'],
  [/\bDROP TABLE\b/, 'the version before still uses it'],
  [/\bRENAME\b/, 'the version before knows it by its old name: add, copy, and drop a version later'],
  [/\bALTER COLUMN \w+ (SET DATA )?TYPE\b/, 'rewrites the table under a lock that stops everybody'],
  [
    /\bSET NOT NULL\b/,
    'reads the whole table under that lock: add a CHECK … NOT VALID, validate it, then set it',
  ],
  [/\bADD COLUMN [^,;]*\bNOT NULL\b(?![^,;]*\bDEFAULT\b)/, 'the version before writes rows without it'],
  [
    /\bADD COLUMN [^,;]*\bDEFAULT (?!now\(\)|true|false|-?\d|'|NULL)/,
    'a default that differs by row rewrites the table',
  ],
  [/\bGENERATED ALWAYS AS \((?!.*IDENTITY).*STORED/, 'rewrites the table'],
  [
    /\bADD (CONSTRAINT \w+ )?CHECK\b(?!.*NOT VALID)/,
    'reads the whole table under a lock: NOT VALID, then VALIDATE',
  ],
  [
    /\bADD (CONSTRAINT \w+ )?(UNIQUE|PRIMARY KEY) \(/,
    'builds an index under a lock: CONCURRENTLY, then USING INDEX',
  ],
  [/^(UPDATE|DELETE FROM) /, 'touches every row in one transaction: let upkeep do it in steps'],
  [/\bLOCK TABLE\b|\bVACUUM FULL\b|\bCLUSTER\b/, 'stops everybody'],
];

/** A line beside the statement that says why it is safe all the same: how large the table can be, who else reads it. */
const isExcused = ({ text }: Migration): boolean => /\* Safe beside the version before: ./.test(text);

describe.each(MIGRATIONS)('$name', (migration) => {
  const { up, text, name } = migration;

  it('has statements that this test can read', () => {
    expect(up.length).toBeGreaterThan(0);
  });

  it('runs beside the version before', () => {
    const own = created(migration);
    const onOthers = up.filter(
      (statement) => !own.some((table) => new RegExp(`\\b${table}\\b`).test(statement)),
    );
    const offences = onOthers.flatMap((statement) =>
      UNSAFE.filter(([rule]) => rule.test(statement)).map(([, why]) => `${statement.slice(0, 80)}: ${why}`),
    );
    if (!isExcused(migration)) expect(offences).toEqual([]);
  });

  it('builds an index over a table that exists without stopping its writers', () => {
    const own = created(migration);
    const indexes = up.filter((statement) => /^CREATE (UNIQUE )?INDEX/.test(statement));
    const onOthers = indexes.filter((statement) => !own.includes(/\bON (\w+)/.exec(statement)?.[1] ?? ''));
    const blocking = onOthers.filter((statement) => !/\bCONCURRENTLY\b/.test(statement));
    if (!isExcused(migration)) expect(blocking).toEqual([]);
    for (const statement of onOthers.filter((one) => /\bCONCURRENTLY\b/.test(one))) {
      const index = /CONCURRENTLY (?:IF NOT EXISTS )?(\w+)/.exec(statement)![1]!;
      expect(text, `${name}: not in a transaction`).toMatch(/transaction = false/);
      expect(up, `${name}: waits for transactions as long as they take`).toContain('SET lock_timeout = 0');
      expect(up, `${name}: one that was broken off is made anew`).toContain(
        `DROP INDEX CONCURRENTLY IF EXISTS ${index}`,
      );
    }
  });
});

describe('the rules for migrations', () => {
  const offends = (statement: string): boolean => UNSAFE.some(([rule]) => rule.test(statement));

  it.each([
    'ALTER TABLE notifications DROP COLUMN locale',
    'ALTER TABLE notifications ALTER COLUMN type TYPE varchar(10)',
    'ALTER TABLE notifications ALTER COLUMN payload SET NOT NULL',
    'ALTER TABLE notifications ADD COLUMN a text NOT NULL',
    'ALTER TABLE notifications ADD COLUMN a uuid DEFAULT gen_random_uuid()',
    "ALTER TABLE notifications ADD CONSTRAINT c CHECK (type <> '')",
    'ALTER TABLE notifications RENAME COLUMN type TO kind',
    'UPDATE notifications SET locale = NULL',
  ])('refuse %s', (statement) => {
    expect(offends(statement)).toBe(true);
  });

  it.each([
    'ALTER TABLE notifications ADD COLUMN a text',
    'ALTER TABLE notifications ADD COLUMN a integer NOT NULL DEFAULT 0',
    "ALTER TABLE notifications ADD CONSTRAINT c CHECK (type <> '') NOT VALID",
    'CREATE INDEX CONCURRENTLY i ON notifications (type)',
  ])('let pass %s', (statement) => {
    expect(offends(statement)).toBe(false);
  });

  it('find no migration that is run with the locks of its tables waited for without an end', () => {
    const source = readFileSync(
      new URL('../../src/platform/database/data-source.ts', import.meta.url),
      'utf8',
    );
    expect(source).toMatch(/application_name: 'posthaste-migrate', lock_timeout: MIGRATION_LOCK_TIMEOUT_MS/);
  });
});
