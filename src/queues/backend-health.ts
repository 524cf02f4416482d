import type { Redis } from 'ioredis';

/** What is wrong with what holds the queues. */
export interface BackendHealth {
  /** `away`: it does not answer. `unwritable`: it answers and takes nothing; `code` is its own word, `READONLY` or `OOM`. */
  fault: { kind: 'away' } | { kind: 'unwritable'; code: string } | undefined;
  /** Settings under which it loses hints. One that may not be read is left out. */
  settings: readonly { name: string; is: string; wanted: string }[];
}

export const WELL: BackendHealth = { fault: undefined, settings: [] };
export const AWAY: BackendHealth = { fault: { kind: 'away' }, settings: [] };

/** Beside the marker, which says whether hints were lost: this one may be written at any time. */
const PROBE = 'posthaste:probe';

/** Throws when Redis does not answer. */
export async function inspectRedis(redis: Redis): Promise<BackendHealth> {
  const settings = [...(await evictionFault(redis)), ...(await persistenceFault(redis))];
  return { fault: await writeFault(redis), settings };
}

async function writeFault(redis: Redis): Promise<BackendHealth['fault']> {
  try {
    await redis.set(PROBE, '1');
    return undefined;
  } catch (error) {
    if (!isReply(error)) throw error;
    return { kind: 'unwritable', code: error.message.split(' ')[0]! };
  }
}

/** A queue whose keys may be evicted loses jobs without a word. */
async function evictionFault(redis: Redis): Promise<BackendHealth['settings']> {
  const policy = /^maxmemory_policy:(\S+)/m.exec(await infoOf(redis, 'memory'))?.[1];
  if (policy === undefined || policy === 'noeviction') return [];
  return [{ name: 'maxmemory-policy', is: policy, wanted: 'noeviction' }];
}

/** Neither an append-only file nor snapshots: a restart begins with nothing. */
async function persistenceFault(redis: Redis): Promise<BackendHealth['settings']> {
  if (/^aof_enabled:1/m.test(await infoOf(redis, 'persistence'))) return [];
  const save = await settingOf(redis, 'save');
  return save === '' ? [{ name: 'appendonly', is: 'no', wanted: 'yes' }] : [];
}

/** Empty when this user may not ask (NOPERM), or a hosted Redis has taken the command away. */
async function infoOf(redis: Redis, section: string): Promise<string> {
  return redis.info(section).catch(ignoreReply(''));
}

async function settingOf(redis: Redis, name: string): Promise<string | undefined> {
  const found = await redis.config('GET', name).catch(ignoreReply(undefined));
  return Array.isArray(found) ? (found[1] as string | undefined) : undefined;
}

const ignoreReply =
  <T>(instead: T) =>
  (error: unknown): T => {
    if (isReply(error)) return instead;
    throw error;
  };

/** Redis itself said no: the connection is well. */
const isReply = (error: unknown): error is Error => error instanceof Error && error.name === 'ReplyError';
