import { describe, expect, it } from 'vitest';

import { adviceFor, faultIn } from '../../../src/embedded/postgres-log.js';

describe('why PostgreSQL did not start', () => {
  it.each([
    ['could not bind IPv4 address "127.0.0.1": Address already in use', 'port_taken'],
    ['pre-existing shared memory block (key 1, ID 2) is still in use', 'still_in_use'],
    ['FATAL:  lock file "postmaster.pid" already exists', 'still_in_use'],
    ['could not write to file "pg_wal/x": No space left on device', 'disk_full'],
    ['could not map anonymous shared memory: Cannot allocate memory', 'memory'],
    ['could not open file "x": Permission denied', 'permission'],
    ['FATAL:  database files are incompatible with server', 'version'],
    ['FATAL:  something new', 'other'],
  ] as const)('reads %s', (line, fault) => {
    expect(faultIn(`2026-01-01 00:00:00 UTC [1] LOG:  starting\n${line}\n`)).toBe(fault);
    expect(adviceFor(fault)).not.toBe('');
  });
});
