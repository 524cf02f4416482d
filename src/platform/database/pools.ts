import pg from 'pg';

/**
 * Two pools of plain `pg`, for the statements that run thousands of times a second.
 *
 * The door has its own, with timeouts short enough that a caller gets its 503 within 3 s; relay, workers and upkeep share
 * the other. More connections made both slower (4–10 were best on two cores).
 */
export class DoorPool extends pg.Pool {}
export class WorkPool extends pg.Pool {}

const DOOR_CONNECTIONS = 5;
const WORK_CONNECTIONS = 8;

/**
 * Every statement of these pools names its rows by key. A plan made while a table was empty must not scan it when it is
 * full, so the plans that could are switched off rather than left to stale statistics. For the same reason no value can
 * ask for a plan of its own: a prepared statement is planned once a connection. Left to choose, PostgreSQL planned the
 * accept statement anew for three groups of four, 0.4 ms each, more than a small group's execution takes. And nothing is
 * compiled: a plan that could not avoid what is switched off has a cost beyond measure, up to PostgreSQL 17, and machine code
 * for it takes a hundred times what a look by key does.
 */
const KEYED_PLANS = [
  '-c enable_seqscan=off',
  '-c enable_hashjoin=off',
  '-c enable_mergejoin=off',
  '-c plan_cache_mode=force_generic_plan',
  '-c jit=off',
].join(' ');

const common = {
  application_name: 'posthaste',
  keepAlive: true,
  idleTimeoutMillis: 60_000,
  options: KEYED_PLANS,
} as const;

export function createDoorPool(connectionString: string): DoorPool {
  return quiet(
    new DoorPool({
      ...common,
      connectionString,
      max: DOOR_CONNECTIONS,
      connectionTimeoutMillis: 1_000,
      lock_timeout: 1_000,
      statement_timeout: 1_500,
      query_timeout: 2_000,
    }),
  );
}

export function createWorkPool(connectionString: string): WorkPool {
  return quiet(
    new WorkPool({
      ...common,
      connectionString,
      max: WORK_CONNECTIONS,
      connectionTimeoutMillis: 3_000,
      lock_timeout: 2_000,
      statement_timeout: 5_000,
      query_timeout: 7_000,
    }),
  );
}

/**
 * A connection that breaks is replaced at its next use; without a listener it would end the process. The pool hears of idle
 * ones alone: one that is lent to a transaction needs a listener of its own. Whoever uses it learns of it by its statement.
 */
function quiet<P extends pg.Pool>(pool: P): P {
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
