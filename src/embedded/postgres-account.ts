import { execFileSync, spawnSync } from 'node:child_process';

import { EmbeddedPostgresError } from './embedded-postgres.error.js';

/** Who runs PostgreSQL. It refuses to run as root, because whoever breaks into it would own the machine. */
export interface PostgresAccount {
  /** Given only when it is not ourselves: then spawn needs both. */
  identity: { uid: number; gid: number } | undefined;
  name: string;
}

/** Ourselves, unless we are root: then `postgres` (made when it is missing), else `nobody`. */
export function postgresAccount(report: (line: string) => void): PostgresAccount {
  if (process.getuid?.() !== 0) return { identity: undefined, name: 'you' };
  return accountNamed('postgres') ?? madeAccount(report) ?? nobody(report);
}

function accountNamed(name: string): PostgresAccount | undefined {
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    const identity = { uid: id('-u'), gid: id('-g') };
    return identity.uid > 0 && identity.gid > 0 ? { identity, name } : undefined;
  } catch {
    return undefined; // `id` knows no such user
  }
}

/** shadow-utils (Debian, Fedora, …), then busybox. */
const WAYS_TO_MAKE = [
  ['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'],
  ['adduser', '-S', '-D', '-H', '-s', '/sbin/nologin', 'postgres'],
] as const;

function madeAccount(report: (line: string) => void): PostgresAccount | undefined {
  for (const [command, ...flags] of WAYS_TO_MAKE) {
    if (spawnSync(command, flags, { stdio: 'ignore' }).status !== 0) continue;
    const account = accountNamed('postgres');
    if (account) report('made the system user "postgres": PostgreSQL does not run as root');
    if (account) return account;
  }
  return undefined;
}

function nobody(report: (line: string) => void): PostgresAccount {
  const account = accountNamed('nobody');
  if (!account) {
    throw new EmbeddedPostgresError(
      'PostgreSQL does not run as root, and there is neither a user "postgres", nor a way to make one (useradd, adduser), nor "nobody". ' +
        'Make an unprivileged user and start as that one, or set DATABASE_URL to a PostgreSQL of your own.',
    );
  }
  report('there is no user "postgres" and none could be made: PostgreSQL runs as "nobody"');
  return account;
}
