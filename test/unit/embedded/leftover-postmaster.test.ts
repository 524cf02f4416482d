import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { findLeftover } from '../../../src/embedded/leftover-postmaster.js';
import type { ProcessTable } from '../../../src/embedded/process-table.js';

describe('what a killed start left behind', () => {
  let data: string;

  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'posthaste leftover '));
  });

  afterEach(() => rmSync(data, { recursive: true, force: true }));

  const PID = 4321;
  const writePid = (): void => writeFileSync(join(data, 'postmaster.pid'), `${PID}\n/elsewhere\n1\n5432\n`);
  const table = (args: string[] | undefined, isAlive = true): ProcessTable => ({
    isAlive: () => isAlive,
    argumentsOf: () => args,
  });

  it('finds nothing without a pid file', () => {
    expect(findLeftover(data, table(undefined))).toEqual({ kind: 'none' });
  });

  it('finds the postmaster of this folder', () => {
    writePid();
    const args = ['/somewhere/bin/postgres', '-D', data, '-c', 'port=1'];
    expect(findLeftover(data, table(args))).toEqual({ kind: 'running', pid: PID });
  });

  it('finds it where the system gives the arguments as one string', () => {
    writePid();
    expect(findLeftover(data, table([`/somewhere/bin/postgres -D ${data} -c port=1`]))).toEqual({
      kind: 'running',
      pid: PID,
    });
  });

  it.each([
    ['a process that has ended', table(undefined, false)],
    ['another program under the recycled pid', table(['/usr/bin/vim', '-D', '/elsewhere'])],
    [
      'the postmaster of another folder',
      table(['/somewhere/bin/postgres', '-D', '/elsewhere', '-c', 'port=1']),
    ],
  ])('never stops %s', (_who, processes) => {
    writePid();
    expect(findLeftover(data, processes)).toEqual({ kind: 'stale' });
  });

  it('takes a torn pid file for stale', () => {
    writeFileSync(join(data, 'postmaster.pid'), '');
    expect(findLeftover(data, table(['/somewhere/bin/postgres', '-D', data]))).toEqual({ kind: 'stale' });
  });

  it('says so when the process is hidden from it', () => {
    writePid();
    expect(findLeftover(data, table(undefined))).toEqual({ kind: 'unknown', pid: PID });
  });
});
