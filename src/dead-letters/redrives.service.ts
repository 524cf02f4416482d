import { createHash } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';
import { v7 as uuidv7 } from 'uuid';

import { fromPublicId, toPublicId } from '../domain/public-id.js';
import { AuditTrail } from '../platform/audit/audit-trail.service.js';
import { canonicalJson } from '../platform/canonical-json.js';
import { parseRatePerSecond } from '../platform/config/units.js';
import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import { type Fault, Problem } from '../platform/http/problem.js';
import { filterOf } from './dead-letters.reader.js';
import type { Word } from './operators-word.service.js';
import type { RedriveFilter, RedriveRequest, RedriveStarted, RedriveView } from './redrive.schema.js';
import {
  cancelRedrive,
  countMatching,
  createRedrive,
  readRedrive,
  type StoredRedrive,
} from './sql/create-redrive.js';
import type { RedriveMatch } from './sql/match-redrive.js';

const DEFAULT_RATE = '100/s';
const QUERY_CANCELED = '57014';

export type RedriveAnswer = { isKnown: false; body: RedriveStarted } | { isKnown: true; body: RedriveView };

/**
 * Many dead letters, or what was sent, go again under one name.
 *
 * Promises: it covers what matched at its creation, each once; the same name and body is the same redrive. Leaves the moving
 * to RedriveRunner.
 */
@Injectable()
export class Redrives {
  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
  ) {}

  /** Throws Problem `invalid_request`, or `idempotency_conflict` for a name that means another redrive. */
  async create(request: RedriveRequest, apiKeyId: string): Promise<RedriveAnswer> {
    const match = matchOf(request.filter);
    return unlessTooMuch(() =>
      inTransaction(this.pool, async (tx) => {
        if (request.dry_run === true) {
          return {
            isKnown: false,
            body: { id: null, matched: await countMatching(tx, match), dry_run: true },
          };
        }
        return this.createOrFind(tx, request, match, apiKeyId);
      }),
    );
  }

  async get(publicId: string): Promise<RedriveView> {
    const redrive = await readRedrive(this.pool, { id: idOf(publicId) });
    if (!redrive) throw notFound();
    return toView(redrive);
  }

  /** Cancelling twice is cancelling once. Throws Problem `not_found`, or `wrong_state` when it is done. */
  cancel(publicId: string, word: Word): Promise<RedriveView> {
    const id = idOf(publicId);
    return inTransaction(this.pool, async (tx) => {
      const isCancelled = await cancelRedrive(tx, id);
      const redrive = await readRedrive(tx, { id });
      if (!redrive) throw notFound();
      if (redrive.state === 'done')
        throw new Problem('wrong_state', 'It is done: nothing is left to cancel.');
      const { done, failed } = redrive;
      if (isCancelled) {
        await this.audit.record(tx, {
          ...word,
          action: 'redrive.cancel',
          target: publicId,
          before: { state: 'running' },
          after: { state: 'cancelled', done, failed },
        });
      }
      return toView(redrive);
    });
  }

  private async createOrFind(
    tx: PoolClient,
    request: RedriveRequest,
    match: RedriveMatch,
    apiKeyId: string,
  ): Promise<RedriveAnswer> {
    const { name, filter, reason } = request;
    const rate = request.rate ?? DEFAULT_RATE;
    const bodyHash = hashOf(filter, rate);
    const [id, ratePerSecond] = [uuidv7(), parseRatePerSecond(rate)!];
    const matched = await createRedrive(tx, { id, name, bodyHash, filter, match, rate, ratePerSecond });
    if (matched === undefined) return { isKnown: true, body: await this.sameAs(tx, name, bodyHash) };
    const publicId = toPublicId('redrive', id);
    await this.audit.record(tx, {
      apiKeyId,
      reason,
      action: 'redrive.create',
      target: publicId,
      after: { name, filter, rate, matched },
    });
    return { isKnown: false, body: { id: publicId, matched, dry_run: false } };
  }

  private async sameAs(tx: PoolClient, name: string, bodyHash: Buffer): Promise<RedriveView> {
    const known = (await readRedrive(tx, { name }))!;
    if (!known.bodyHash.equals(bodyHash)) {
      throw new Problem('idempotency_conflict', 'Another redrive has this name.', {
        errors: [{ path: '/name', message: 'is taken by a redrive with another filter or rate' }],
        extensions: { id: toPublicId('redrive', known.id) },
      });
    }
    return toView(known);
  }
}

/** Throws Problem `invalid_request` with every fault. */
function matchOf(filter: RedriveFilter): RedriveMatch {
  const faults: Fault[] = [];
  const status = filter.status ?? 'dead';
  const ids = filter.ids?.map((publicId, at) => {
    const id = fromPublicId('notification', publicId);
    if (id === undefined) faults.push({ path: `/filter/ids/${at}`, message: 'is no id of a notification' });
    return id ?? '';
  });
  if (status !== 'dead' && ids === undefined && filter.created_after === undefined) {
    faults.push({ path: '/filter', message: `needs created_after or ids to replay what is ${status}` });
  }
  if ((status === 'sent' || status === 'delivered') && filter.error_class !== undefined) {
    faults.push({ path: '/filter/error_class', message: `means nothing for what is ${status}` });
  }
  const ofDeath = deathOf(filter, status, faults);
  if (faults.length > 0)
    throw new Problem('invalid_request', 'This filter cannot be used.', { errors: faults });
  return { status, ids: ids && [...new Set(ids)], ...filterOf(filter), ...ofDeath };
}

/** What only the dead have: where they died, and when. */
function deathOf(
  { endpoint_id, died_after, died_before }: RedriveFilter,
  status: RedriveMatch['status'],
  faults: Fault[],
): Pick<RedriveMatch, 'endpointId' | 'diedAfter' | 'diedBefore'> {
  for (const [field, value] of Object.entries({ endpoint_id, died_after, died_before })) {
    if (value !== undefined && status !== 'dead')
      faults.push({ path: `/filter/${field}`, message: `means nothing for what is ${status}` });
  }
  const endpointId = endpoint_id === undefined ? undefined : fromPublicId('endpoint', endpoint_id);
  if (endpoint_id !== undefined && endpointId === undefined)
    faults.push({ path: '/filter/endpoint_id', message: 'is no id of an endpoint' });
  return {
    endpointId,
    diedAfter: died_after === undefined ? undefined : new Date(died_after),
    diedBefore: died_before === undefined ? undefined : new Date(died_before),
  };
}

async function unlessTooMuch<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as { code?: string }).code !== QUERY_CANCELED) throw error;
    throw new Problem('invalid_request', 'This covers too much to be listed in a minute: choose less.', {
      errors: [{ path: '/filter', message: 'covers too much; narrow created_after and created_before' }],
      cause: error,
    });
  }
}

function toView(redrive: StoredRedrive): RedriveView {
  const left = redrive.matched - redrive.done - redrive.failed;
  const etaMs = redrive.now.getTime() + (left / redrive.ratePerSecond) * 1_000;
  return {
    id: toPublicId('redrive', redrive.id),
    name: redrive.name,
    state: redrive.state,
    matched: redrive.matched,
    done: redrive.done,
    failed: redrive.failed,
    rate: redrive.rate,
    filter: redrive.filter,
    started_at: redrive.startedAt.toISOString(),
    finished_at: redrive.finishedAt?.toISOString() ?? null,
    eta: redrive.state === 'running' ? timeOrNull(etaMs) : null,
  };
}

/** A million at one an hour end after the last day that can be written. */
const LAST_MS = Date.UTC(9999, 0);
const timeOrNull = (ms: number): string | null => (ms < LAST_MS ? new Date(ms).toISOString() : null);

const hashOf = (filter: RedriveFilter, rate: string): Buffer =>
  createHash('sha256').update(canonicalJson({ filter, rate })).digest();

function idOf(publicId: string): string {
  const id = fromPublicId('redrive', publicId);
  if (id === undefined) throw notFound();
  return id;
}

const notFound = (): Problem => new Problem('not_found', 'There is no redrive with this id.');
