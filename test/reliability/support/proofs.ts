import { waitFor } from '../../support/wait-for.js';
import type { Verdict } from './judge.js';
import { Stage } from './stage.js';
import { ownStores } from './stores.js';
import { hook, many } from './workload.js';

/**
 * The harness can fail: three deployments with one safeguard removed each. A judge that calls one of them green sees nothing.
 */
export interface Proof {
  title: string;
  /** What the judge must find, as `I2 duplicated`. */
  finds: string;
  run: (backend: 'redis' | 'postgresql') => Promise<Verdict>;
}

export const PROOFS: readonly Proof[] = [
  {
    title: 'the guard of the claim removed',
    finds: 'I2 duplicated',
    run: (backend) => onStage(backend, {}, staleHints),
  },
  { title: 'upkeep switched off', finds: 'I1 lost', run: (backend) => onStage(backend, {}, deadWorker) },
  {
    title: 'synchronous_commit=off, and PostgreSQL killed right after the answers',
    finds: 'I1 lost',
    run: (backend) => onStage(backend, FORGETFUL, forgottenCommits),
  },
];

/** Commits are answered before they are written, and nobody writes them for ten seconds. */
const FORGETFUL = { synchronous_commit: 'off', wal_writer_delay: '10s', wal_writer_flush_after: '1GB' };
/** Longer than a lease and a round of upkeep: a healthy service has recovered by then. */
const FAIR_MS = 40_000;

async function onStage(
  backend: 'redis' | 'postgresql',
  settings: Readonly<Record<string, string>>,
  act: (stage: Stage) => Promise<Verdict>,
): Promise<Verdict> {
  const stage = await Stage.open(await ownStores(backend, settings));
  try {
    return await act(stage);
  } finally {
    await stage.stop();
  }
}

/** Every hint is in the queue twice, as after upkeep has taken a slow one for lost; nobody asks which is stale. */
export async function staleHints(
  stage: Stage,
  sabotage: readonly 'claim-without-guard'[] = ['claim-without-guard'],
): Promise<Verdict> {
  await stage.start('api,relay');
  const endpoint = await stage.createEndpoint();
  await stage.client.postBatch(many(30, () => hook(endpoint)));
  await published(stage, 1);
  await stage.pool.query(
    `UPDATE outbox SET published_at = NULL, queue = NULL WHERE published_at IS NOT NULL`,
  );
  await published(stage, 2);
  await stage.start('worker', { sabotage });
  return stage.verdict();
}

async function published(stage: Stage, dispatch: number): Promise<void> {
  const waiting = `SELECT FROM outbox WHERE published_at IS NULL OR dispatch < $1`;
  await waitFor(async () => (await stage.pool.query(waiting, [dispatch])).rowCount === 0, {
    what: `every hint published ${dispatch} times`,
  });
}

/** A worker dies with calls under way, and nobody looks for it. */
async function deadWorker(stage: Stage): Promise<Verdict> {
  await stage.start('api,relay', { sabotage: ['upkeep-off'] });
  const worker = await stage.start('worker', { crashAt: 'after_claim_before_send#5' });
  const endpoint = await stage.createEndpoint();
  await stage.client.postBatch(many(30, () => hook(endpoint)));
  await worker.ended;
  await stage.start('worker', { sabotage: ['upkeep-off'] });
  return stage.verdict({ recoversWithinMs: FAIR_MS });
}

/** What was there before is on the disk; what is answered now is in memory only. */
async function forgottenCommits(stage: Stage): Promise<Verdict> {
  await stage.start('api');
  const endpoint = await stage.createEndpoint();
  await stage.pool.query('CHECKPOINT');
  await stage.client.postBatch(many(50, () => hook(endpoint)));
  await stage.stores.postgres!.kill();
  await stage.stores.postgres!.restart();
  await stage.start('relay,worker');
  return stage.verdict();
}
