import { crashPoint } from '#crash-point';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';

import type { Status } from '../domain/status.js';
import { DatabaseRoom } from '../platform/database/database-room.js';
import { GroupCommit } from '../platform/database/group-commit.js';
import { DoorPool } from '../platform/database/pools.js';
import { Gauges } from '../platform/metrics/gauges.js';
import type { Problem } from '../platform/http/problem.js';
import { Tracing } from '../platform/tracing/tracing.js';
import { traced } from './accept-trace.js';
import { Admission } from './admission.js';
import { WakeUp } from './wake-up.js';
import { findByKeys, type KnownNotification } from './sql/find-by-keys.js';
import { insertAccepted, type NewNotification } from './sql/insert-accepted.js';

/** What became of one request: stored now, or known before. */
export type Settled =
  | { isNew: true; id: string; status: Status }
  | { isNew: false; id: string; status: Status; fingerprint: Buffer; isErased: boolean };

/**
 * 64 rows × 2 statements under way: one gathers while the other commits. A third made each smaller, and a burst of 64 callers
 * slower; more rows only lengthen the wait.
 */
const SINGLES = { maxRows: 64, inFlight: 2 } as const;
/** A batch's callers wait for the whole of it: large statements carry most rows a second. */
const BATCHES = { maxRows: 500, inFlight: 2 } as const;

/** What is refused asks for its key first: a storm of it takes one of the door's connections, not all. */
const LOOK_UPS = { maxRows: 500, inFlight: 1 } as const;

/** The one accept statement, group-committed. Promises: a row that is answered is durable; equal keys make one row. */
@Injectable()
export class AcceptGroup implements OnApplicationShutdown {
  private readonly singles: GroupCommit<NewNotification, Settled>;
  private readonly batches: GroupCommit<NewNotification, Settled>;
  /** Accept statements under way. */
  private inserting = 0;
  private readonly lookUps: GroupCommit<string, KnownNotification | undefined>;

  constructor(
    @Inject(DoorPool) private readonly pool: DoorPool,
    @Inject(WakeUp) private readonly wakeUp: WakeUp,
    @Inject(Gauges) private readonly gauges: Gauges,
    @Inject(DatabaseRoom) private readonly room: DatabaseRoom,
    @Inject(Tracing) private readonly tracing: Tracing,
    @Inject(Admission) private readonly admission: Admission,
  ) {
    this.singles = new GroupCommit((rows) => this.write(rows), SINGLES);
    this.batches = new GroupCommit((rows) => this.write(rows), BATCHES);
    this.lookUps = new GroupCommit((keyHashes) => this.lookUp(keyHashes), LOOK_UPS);
  }

  /**
   * Throws what PostgreSQL throws; a timeout means "unknown", and the key makes the caller's retry safe. Throws Problem
   * `overloaded` past the admission limits, for a key that is new.
   */
  settle(row: NewNotification): Promise<Settled> {
    const refusal = this.admission.refusal(row.lane, row.apiKeyId);
    if (refusal) return this.knownOr(row.keyHash, refusal);
    return this.tracing.isOn ? this.settleTraced(row) : this.singles.add(row);
  }

  /** As `settle`, for the items of a batch: each stands alone. */
  async settleAll(rows: NewNotification[]): Promise<PromiseSettledResult<Settled>[]> {
    const refusals = rows.map((row) => this.admission.refusal(row.lane, row.apiKeyId));
    const [admitted, refused] = await Promise.all([
      this.addAll(rows.filter((_, i) => !refusals[i])),
      Promise.allSettled(
        rows.flatMap((row, i) => (refusals[i] ? [this.knownOr(row.keyHash, refusals[i])] : [])),
      ),
    ]);
    let [a, r] = [0, 0];
    return refusals.map((refusal) => (refusal ? refused[r++]! : admitted[a++]!));
  }

  private async settleTraced(row: NewNotification): Promise<Settled> {
    const [settled] = await traced(this.tracing, [row], (all) => this.singles.addAll(all));
    if (settled!.status === 'rejected') throw settled!.reason;
    return settled!.value;
  }

  private addAll(rows: NewNotification[]): Promise<PromiseSettledResult<Settled>[]> {
    if (!this.tracing.isOn) return this.batches.addAll(rows);
    return traced(this.tracing, rows, (all) => this.batches.addAll(all));
  }

  /** Who holds this key already; a refusal counts only for keys that are new. */
  private async knownOr(keyHash: string, refusal: Problem): Promise<Settled> {
    const known = await this.find(keyHash);
    if (known) return known;
    this.gauges.accepted.inc({ result: refusal.code });
    throw refusal;
  }

  /** Who holds this key already, if anybody does. */
  async find(keyHash: string): Promise<Settled | undefined> {
    const known = await this.lookUps.add(keyHash);
    return known && { isNew: false, ...known };
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.singles.drain(), this.batches.drain(), this.lookUps.drain()]);
  }

  private async lookUp(keyHashes: string[]): Promise<(KnownNotification | undefined)[]> {
    const known = new Map((await findByKeys(this.pool, keyHashes)).map((one) => [one.keyHash, one]));
    return keyHashes.map((keyHash) => known.get(keyHash));
  }

  private async write(rows: NewNotification[]): Promise<Settled[]> {
    this.gauges.acceptGroupRows.observe(rows.length);
    const firsts = firstOfEachKey(rows);
    const inserted = await this.insert([...firsts.values()].sort(byKey));
    const known = await this.findKnown([...firsts.values()].filter((row) => !inserted.has(row.id)));
    return rows.map((row) => {
      const first = firsts.get(row.keyHash)!;
      const status = inserted.get(first.id);
      if (status === undefined) return { isNew: false, ...holderOf(known, row.keyHash) };
      if (first === row) return { isNew: true, id: row.id, status };
      return { isNew: false, id: first.id, status, fingerprint: first.fingerprint, isErased: false };
    });
  }

  private async insert(rows: NewNotification[]): Promise<Map<string, Status>> {
    const wakes = this.wakeUp.isDue(this.inserting === 0, this.singles.size);
    this.inserting++;
    try {
      crashPoint('before_commit');
      const inserted = await insertAccepted(this.pool, rows, wakes);
      crashPoint('after_commit_before_reply');
      return new Map(inserted.map(({ id, status }) => [id, status]));
    } catch (error) {
      this.room.note(error);
      throw error;
    } finally {
      this.inserting--;
    }
  }

  private async findKnown(rows: NewNotification[]): Promise<Map<string, KnownNotification>> {
    if (rows.length === 0) return new Map();
    const known = await findByKeys(
      this.pool,
      rows.map((row) => row.keyHash),
    );
    return new Map(known.map((one) => [one.keyHash, one]));
  }
}

function firstOfEachKey(rows: NewNotification[]): Map<string, NewNotification> {
  const firsts = new Map<string, NewNotification>();
  for (const row of rows) if (!firsts.has(row.keyHash)) firsts.set(row.keyHash, row);
  return firsts;
}

function holderOf(known: Map<string, KnownNotification>, keyHash: string): KnownNotification {
  const holder = known.get(keyHash);
  if (!holder) throw new Error('A key was refused as known, yet nobody holds it.');
  return holder;
}

const byKey = (a: NewNotification, b: NewNotification): number => (a.keyHash < b.keyHash ? -1 : 1);
