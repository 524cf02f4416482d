import pg from 'pg';

import { scramVerifier } from './scram-verifier.js';

/** Where BullMQ keeps its queues without Redis. */
const QUEUES_SCHEMA = 'bullmq';
/** Read by the service, written by migrations alone. */
const READ_ONLY = ['migrations'];
/** Added to and read: what operators did is changed by nobody. */
const APPEND_ONLY = ['audit'];
const INSUFFICIENT_PRIVILEGE = '42501';

/** Who runs the service, and what he is to be known by. */
export interface AppRole {
  name: string;
  password: string;
}

/** The role that a process would be; undefined: the URL names none. */
export function roleIn(url: string): AppRole | undefined {
  const { username, password } = new URL(url);
  if (username === '') return undefined;
  return { name: decodeURIComponent(username), password: decodeURIComponent(password) };
}

/**
 * Lets the service's role do what the service does, and nothing else: read and write rows, no DDL (but in the schema of
 * BullMQ's queues), and of the audit no row that is there already. Done after every migration, because new tables come without rights; said again, it changes nothing.
 */
export async function grantToApp(owner: pg.ClientBase, role: AppRole): Promise<void> {
  await ensureRole(owner, role);
  const name = pg.escapeIdentifier(role.name);
  const { rows } = await owner.query<{ database: string; hasQueues: boolean }>(
    `SELECT current_database() AS database, to_regnamespace($1) IS NOT NULL AS "hasQueues"`,
    [QUEUES_SCHEMA],
  );
  const { database, hasQueues } = rows[0]!;
  await owner.query('BEGIN');
  // Temporary tables: BullMQ adds jobs by the hundred through one.
  await owner.query(`GRANT CONNECT, TEMPORARY ON DATABASE ${pg.escapeIdentifier(database)} TO ${name}`);
  await owner.query(`REVOKE CREATE ON SCHEMA public FROM PUBLIC`); // PostgreSQL 14 and older let everybody
  await grantRows(owner, 'public', name);
  if (hasQueues) await grantQueues(owner, name);
  for (const table of [...READ_ONLY, ...APPEND_ONLY])
    await owner.query(`REVOKE UPDATE, DELETE, TRUNCATE ON ${table} FROM ${name}`);
  for (const table of READ_ONLY) await owner.query(`REVOKE INSERT ON ${table} FROM ${name}`);
  await owner.query('COMMIT');
}

async function grantRows(owner: pg.ClientBase, schema: string, name: string): Promise<void> {
  await owner.query(`GRANT USAGE ON SCHEMA ${schema} TO ${name}`);
  await owner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${name}`);
  const sequences = await sequencesIn(owner, schema);
  if (sequences.length > 0)
    await owner.query(`GRANT USAGE, SELECT ON SEQUENCE ${sequences.join()} TO ${name}`);
  await owner.query(`GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${schema} TO ${name}`);
}

/** BullMQ makes a sequence for each queue at its first job. Nothing in this schema is a truth: it can be made anew. */
async function grantQueues(owner: pg.ClientBase, name: string): Promise<void> {
  await grantRows(owner, QUEUES_SCHEMA, name);
  await owner.query(`GRANT CREATE ON SCHEMA ${QUEUES_SCHEMA} TO ${name}`);
}

/** Those that are the owner's to give: of the queues', some are the service's own. */
async function sequencesIn(owner: pg.ClientBase, schema: string): Promise<string[]> {
  const { rows } = await owner.query<{ sequence: string }>(
    `SELECT format('%I.%I', $1::text, relname) AS sequence FROM pg_class
      WHERE relkind = 'S' AND relnamespace = $1::regnamespace AND pg_has_role(relowner, 'USAGE')`,
    [schema],
  );
  return rows.map(({ sequence }) => sequence);
}

/** A role that exists is left as it is, its password too. */
async function ensureRole(owner: pg.ClientBase, { name, password }: AppRole): Promise<void> {
  const { rowCount } = await owner.query(`SELECT FROM pg_roles WHERE rolname = $1`, [name]);
  if (rowCount === 1) return;
  try {
    await owner.query(
      `CREATE ROLE ${pg.escapeIdentifier(name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE ${
        password === '' ? '' : `PASSWORD ${pg.escapeLiteral(scramVerifier(password))}`
      }`,
    );
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new Error(
      `The role ${name} of DATABASE_URL does not exist, and MIGRATE_DATABASE_URL may not make it: let an administrator run CREATE ROLE ${name} LOGIN PASSWORD '…', then migrate again.`,
      { cause: error },
    );
  }
}
