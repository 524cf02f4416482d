import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SETUP = new URL('../../../bin/setup/', import.meta.url);
const { reasonToInstall } = (await import(new URL('install.mjs', SETUP).href)) as {
  reasonToInstall: (root: string) => string | undefined;
};
const { madeApiKey } = (await import(new URL('keys.mjs', SETUP).href)) as { madeApiKey: () => string };

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'posthaste setup '));
  mkdirSync(join(root, 'node_modules'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const lock = (path: string, packages: object): void =>
  writeFileSync(join(root, path), JSON.stringify({ packages }));
const a = { version: '1.0.0', integrity: 'sha512-a' };

describe('whether packages must be installed', () => {
  it('installs when there are none, or an install was cut off', () => {
    lock('package-lock.json', { '': {}, 'node_modules/a': a });
    expect(reasonToInstall(root)).toContain('not installed');
  });

  it('leaves alone what is there, also when npm left out the binaries of other platforms', () => {
    const other = { ...a, optional: true, os: ['plan9'] };
    lock('package-lock.json', { '': {}, 'node_modules/a': a, 'node_modules/other': other });
    lock('node_modules/.package-lock.json', { 'node_modules/a': a });
    expect(reasonToInstall(root)).toBeUndefined();
  });

  it.each([
    ['another version', { 'node_modules/a': { ...a, version: '1.0.1' } }],
    ['other content', { 'node_modules/a': { ...a, integrity: 'sha512-b' } }],
    ['a package less', {}],
  ])('installs over %s', (_what, installed) => {
    lock('package-lock.json', { '': {}, 'node_modules/a': a });
    lock('node_modules/.package-lock.json', installed);
    expect(reasonToInstall(root)).toContain('changed');
  });
});

describe('the key that is made up', () => {
  it('has the form of every other key', () => {
    expect(madeApiKey()).toMatch(/^ph_[a-z0-9]{12}_[A-Za-z0-9_-]{43}$/);
  });
});

describe('the count of a CI run', () => {
  const run = (report: object | undefined, status: string) => {
    const file = join(root, 'tests.json');
    if (report) writeFileSync(file, JSON.stringify(report));
    const script = fileURLToPath(new URL('../../../.ci/count.mjs', import.meta.url));
    return spawnSync(process.execPath, [script, file, status], { encoding: 'utf8' });
  };
  const report = (total: number, passed: number): object => ({
    numTotalTests: total,
    numPassedTests: passed,
    testResults: [],
  });

  it.each([
    ['all passed', report(3, 3), '0', '3 0'],
    ['a skipped test fails', report(3, 2), '0', '2 1'],
    ['a leak outside of any test fails', report(3, 3), '1', '3 1'],
    ['no test at all fails', report(0, 0), '0', '0 1'],
    ['no report at all fails', undefined, '1', '0 1'],
    [
      'a file that could not be loaded fails',
      { ...report(1, 1), testResults: [{ status: 'failed', assertionResults: [] }] },
      '1',
      '1 1',
    ],
  ] as const)('%s', (_what, given, status, expected) => {
    expect(run(given, status).stdout.trim()).toBe(expected);
  });

  it('names what did not pass, and says why', () => {
    const [first, second] = ['waits', 'arrives'].map((fullName) => ({ fullName, status: 'passed' }));
    const red = { ...second, status: 'failed', failureMessages: ['expected 1 to be 2\n  at here.ts:3'] };
    const testResults = [
      { status: 'failed', name: 'one.test.ts', assertionResults: [first, red] },
      { status: 'failed', name: 'two.test.ts', message: 'no such module', assertionResults: [] },
    ];
    const { stderr } = run({ numTotalTests: 2, numPassedTests: 1, testResults }, '1');
    expect(stderr).toMatch(/\(failed\): one\.test\.ts: arrives\n\s+expected 1 to be 2\n\s+at here\.ts:3\n/);
    expect(stderr).toMatch(/\(failed\): two\.test\.ts\n\s+no such module\n/);
    expect(stderr).not.toContain('waits');
  });
});
