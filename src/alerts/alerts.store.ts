import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import { toPublicId } from '../domain/public-id.js';
import { OwnEvents } from '../own-events/own-events.js';
import { AuditTrail } from '../platform/audit/audit-trail.service.js';
import { WorkPool } from '../platform/database/pools.js';
import { inTransaction } from '../platform/database/transaction.js';
import type { AlertKind } from './alert-kinds.js';
import type { Outage } from './outage.js';
import { keyOf, type Signal } from './signal.js';
import { acknowledge } from './sql/acknowledge.js';
import { claimNews, type OwedNews } from './sql/claim-news.js';
import { markDelivered, markFailed } from './sql/end-news.js';
import { type AlertFilter, listAlerts, type StoredAlert } from './sql/list-alerts.js';
import { recordOutage } from './sql/record-outage.js';
import { type Quiet, resolveUnseen } from './sql/resolve-unseen.js';
import { type Change, seeSignals } from './sql/see-signals.js';
import { endTurn, takeTurn } from './sql/take-turn.js';

export type { OwedNews } from './sql/claim-news.js';
export type { AlertFilter, StoredAlert, StoredDelivery } from './sql/list-alerts.js';
export type { Change } from './sql/see-signals.js';

/** What was seen in one look: the signals of the kinds that could be looked at. */
export interface Look {
  kinds: readonly AlertKind[];
  signals: readonly Signal[];
}

/** The alerts and what their targets have to hear. Only here are they written. */
@Injectable()
export class AlertsStore {
  constructor(
    @Inject(WorkPool) private readonly pool: WorkPool,
    @Inject(AuditTrail) private readonly audit: AuditTrail,
    @Inject(OwnEvents) private readonly ownEvents: OwnEvents,
  ) {}

  takeTurn(name: string, forMs: number): Promise<string | undefined> {
    return takeTurn(this.pool, name, forMs);
  }

  /** Writes a look down and ends its turn, unless that is over: what was seen before a long sleep is not true any more. */
  async settle(
    turn: { name: string; number: string; freeInMs: number },
    { kinds, signals }: Look,
    quiet: Quiet,
    targets: readonly string[],
  ): Promise<Change[]> {
    return inTransaction(this.pool, async (tx) => {
      if (!(await endTurn(tx, turn, turn.freeInMs))) return [];
      const told = await seeSignals(tx, signals, targets);
      const changes = [...told, ...(await resolveUnseen(tx, kinds, signals.map(keyOf), quiet, targets))];
      for (const { id, event } of changes) if (event !== 'repeated') await this.say(tx, id, event);
      return changes;
    });
  }

  claimNews(target: string, leaseMs: number): Promise<OwedNews | undefined> {
    return claimNews(this.pool, target, leaseMs);
  }

  markDelivered(target: string, news: OwedNews): Promise<void> {
    return markDelivered(this.pool, target, news);
  }

  markFailed(
    target: string,
    news: OwedNews,
    fault: string,
    delayMs: number,
    patienceMs: number,
  ): Promise<boolean> {
    return markFailed(this.pool, target, news, fault, delayMs, patienceMs);
  }

  recordOutage(outage: Outage, isTold: boolean): Promise<void> {
    return inTransaction(this.pool, async (tx) => {
      if (!(await recordOutage(tx, outage, isTold))) return;
      await this.say(tx, outage.id, 'raised');
      await this.say(tx, outage.id, 'resolved');
    });
  }

  list(filter: AlertFilter): Promise<StoredAlert[]> {
    return listAlerts(this.pool, filter);
  }

  /** The alert as it is then; undefined: there is none. Acknowledging twice is acknowledging once. */
  async acknowledge(
    id: string,
    word: { apiKeyId: string; reason?: string | undefined; target: string },
  ): Promise<StoredAlert | undefined> {
    return inTransaction(this.pool, async (tx) => {
      if (await acknowledge(tx, id, word.apiKeyId)) {
        const change = { before: { acknowledged: false }, after: { acknowledged: true } };
        await this.audit.record(tx, { ...word, action: 'alert.acknowledge', ...change });
      }
      return (await listAlerts(tx, { id, limit: 1 }))[0];
    });
  }

  /** To subscribers, beside the targets: what was raised, and what is over. */
  private async say(tx: PoolClient, id: string, event: 'raised' | 'resolved'): Promise<void> {
    const [alert] = await listAlerts(tx, { id, limit: 1 });
    const { alertKey: key, kind, severity, summary, count, since } = alert!;
    const publicId = toPublicId('alert', id);
    await this.ownEvents.say(tx, {
      type: `posthaste.alert.${event}`,
      businessId: publicId,
      recipient: null,
      data: { id: publicId, key, kind, severity, summary, count, since: since.toISOString() },
    });
  }
}
