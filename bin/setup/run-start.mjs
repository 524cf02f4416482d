import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { banner } from './banner.mjs';
import { build } from './build.mjs';
import { Fault } from './fault.mjs';
import { installPackages } from './install.mjs';
import { keysOf } from './keys.mjs';
import { Life } from './life.mjs';
import { note, phase } from './phases.mjs';
import { runProgram } from './program.mjs';
import { becomesReady, startServer } from './server.mjs';
import { addressOf, environmentOf } from './settings.mjs';
import { takeStartLock } from './start-lock.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
/** Everything that is kept between starts; remove it to begin anew. */
const folder = join(root, '.posthaste');

/** `npm start`. Ends only by a signal or a fault. */
export async function runStart() {
  const life = new Life();
  try {
    await start(life);
  } catch (error) {
    if (!life.isEnding) tell(error);
    await life.end(1);
  }
}

async function start(life) {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  life.owe(takeStartLock(folder));
  const given = environmentOf(root);
  const address = await addressOf(given);
  console.log('\n  Posthaste\n');
  await phase('packages', () => installPackages(life, root));
  await phase('build', () => build(life, root));
  // Nothing balances on a machine where one types Ctrl-C.
  const env = { DRAIN_DELAY: '0s', ...keysFor(given), ...withoutEmpty(given), PORT: String(address.port) };
  if (!env.DATABASE_URL && !env.DATABASE_URL_FILE) await phase('PostgreSQL', () => startPostgres(life, env));
  await phase('migrations', () => migrate(life, env));
  await phase('server', () => serve(life, env, address));
  if (!life.isEnding) await greet(given, env, address);
}

/** `POSTHASTE_API_KEY=` in a `.env` means "none given". */
const withoutEmpty = (env) => Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));

/** The kept keys, but for those that a secret file gives. */
const keysFor = (given) =>
  Object.fromEntries(Object.entries(keysOf(folder)).filter(([name]) => !given[`${name}_FILE`]));

async function startPostgres(life, env) {
  const { EmbeddedPostgres } = await import(pathToFileURL(join(root, 'dist/src/embedded/postgres.js')).href);
  const postgres = new EmbeddedPostgres({
    folder,
    report: note,
    onDeath: (lastWords) => fail(life, `PostgreSQL ended without having been asked to.\n${lastWords}`),
  });
  life.owe({ end: () => postgres.stop(), force: () => postgres.kill() });
  await postgres.start();
  await postgres.ensureDatabase('posthaste');
  env.DATABASE_URL = postgres.url('posthaste');
  // What an owner is named for is another database: this one belongs to its only role.
  delete env.MIGRATE_DATABASE_URL;
  delete env.MIGRATE_DATABASE_URL_FILE;
}

async function migrate(life, env) {
  await runProgram(life, process.execPath, ['dist/src/apps/migrate.js'], {
    cwd: root,
    env,
    complaint: 'The database could not be migrated',
  });
}

async function serve(life, env, address) {
  const server = startServer(life, {
    root,
    env,
    logFile: join(folder, 'posthaste.log'),
    onDeath: (how, lastWords) =>
      fail(life, `The server ended without having been asked to (${how}). Its last words:\n${lastWords}`),
  });
  await becomesReady(life, address.url, server);
}

async function greet(given, env, { url }) {
  const sandbox = await fetch(`${url}/sandbox`).catch(() => undefined);
  const apiKey = given.POSTHASTE_API_KEY || given.POSTHASTE_API_KEY_FILE ? undefined : env.POSTHASTE_API_KEY;
  const logFile = relative(process.cwd(), join(folder, 'posthaste.log'));
  console.log(banner({ url, apiKey, isSandbox: sandbox?.ok === true, logFile }));
}

function fail(life, message) {
  if (life.isEnding) return;
  console.error(`\n  ${message}\n`);
  void life.end(1);
}

/** What a person can put right is a sentence; anything else is a bug, and needs its stack. */
function tell(error) {
  const isSentence = error instanceof Fault || error.name === 'EmbeddedPostgresError';
  console.error(`\n  ${isSentence ? error.message : error.stack}\n`);
}
