import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import { toPublicId } from '../domain/public-id.js';
import { GatesStore } from '../gates/gates.store.js';
import { OwnEvents } from '../own-events/own-events.js';
import { Log } from '../platform/logging/log.js';
import type { DisabledReason } from './endpoint.entity.js';
import { recordChange } from './sql/record-change.js';
import { switchOff, switchOn } from './sql/switch-endpoint.js';

const BECAUSE: Record<DisabledReason, string> = {
  owner: 'by its owner',
  gone: 'it answered 410',
  failing: 'nothing has succeeded there for days',
};

/**
 * The one place where an endpoint is switched off and on again.
 *
 * Off: what waits for it waits behind its gate, until it is on again or its deadline passes. Row, gate, the entry in
 * `endpoint_changes` and the word to subscribers are one commit, the caller's; after it the caller has the directory forget what it knew.
 */
@Injectable()
export class EndpointSwitch {
  constructor(
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(Log) private readonly log: Log,
    @Inject(OwnEvents) private readonly ownEvents: OwnEvents,
  ) {}

  /** Whether this call switched it off. `apiKeyId` null: it did so itself. */
  async off(tx: PoolClient, id: string, reason: DisabledReason, apiKeyId: string | null): Promise<boolean> {
    const off = await switchOff(tx, id, reason);
    if (!off) return false;
    await this.gates.hold('endpoint', id, 'disabled', undefined, BECAUSE[reason], tx);
    await recordChange(tx, { endpointId: id, change: 'disabled', reason, apiKeyId });
    await this.say(tx, id, reason, off);
    this.log.warn('endpoint.disabled', { endpoint: toPublicId('endpoint', id), reason });
    return true;
  }

  /** Whether this call switched it on. It is tried at once: what its breaker held is let go too. */
  async on(tx: PoolClient, id: string, apiKeyId: string): Promise<boolean> {
    if (!(await switchOn(tx, id))) return false;
    await this.letGo(id, tx);
    await recordChange(tx, { endpointId: id, change: 'enabled', reason: null, apiKeyId });
    this.log.info('endpoint.enabled', { endpoint: toPublicId('endpoint', id) });
    return true;
  }

  /** Closes the gate of one that is to be born disabled. */
  async holdFor(id: string, reason: DisabledReason): Promise<void> {
    await this.gates.hold('endpoint', id, 'disabled', undefined, BECAUSE[reason]);
  }

  /** Lets go of everything that holds it but its own wish to be left alone for a while (Retry-After). */
  async letGo(id: string, tx?: PoolClient): Promise<void> {
    for (const holder of ['disabled', 'endpoint'] as const)
      await (tx
        ? this.gates.release('endpoint', id, holder, tx)
        : this.gates.release('endpoint', id, holder));
  }

  /** Keyed by the time: each time it is switched off is told once. */
  private async say(
    tx: PoolClient,
    id: string,
    reason: DisabledReason,
    { at, recipient }: { at: Date; recipient: string | null },
  ): Promise<void> {
    const endpoint = toPublicId('endpoint', id);
    await this.ownEvents.say(tx, {
      type: 'posthaste.endpoint.disabled',
      businessId: `${endpoint}:${at.toISOString()}`,
      recipient,
      data: { id: endpoint, reason },
    });
  }
}
