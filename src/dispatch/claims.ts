import { Inject, Injectable } from '@nestjs/common';

import type { Claimed, Hint } from '../notifications/claimed.js';
import { NotificationsRepository } from '../notifications/notifications.repository.js';
import { OutboxStore } from '../outbox/outbox.store.js';
import { GroupCommit } from '../platform/database/group-commit.js';
import { Gauges } from '../platform/metrics/gauges.js';
import type { QueueRef } from '../queues/queue-names.js';
import { BulkShare } from './bulk-share.js';
import { GateWatch } from './gate-watch.js';
import { laneGroups } from './lane-groups.js';
import { LeaseService } from './lease.service.js';

/** Claims, coalesced: concurrent hints of one queue share a commit. A stale hint answers undefined: at-least-once is normal here. */
@Injectable()
export class Claims {
  private readonly groups = new Map<string, GroupCommit<Hint, Claimed | undefined>>();

  constructor(
    @Inject(NotificationsRepository) private readonly notifications: NotificationsRepository,
    @Inject(LeaseService) private readonly lease: LeaseService,
    @Inject(Gauges) private readonly gauges: Gauges,
    @Inject(GateWatch) private readonly gates: GateWatch,
    @Inject(OutboxStore) private readonly outbox: OutboxStore,
    @Inject(BulkShare) private readonly share: BulkShare,
  ) {}

  /**
   * Throws when PostgreSQL's answer did not come: the claim may or may not have been made. OwnAttempts finds the ones
   * that were.
   */
  take(hint: Hint, { name, provider, lane }: QueueRef): Promise<Claimed | undefined> {
    let group = this.groups.get(name);
    if (!group) {
      group = new GroupCommit((hints) => this.write(hints, provider), laneGroups(this.share)[lane]);
      this.groups.set(name, group);
    }
    return group.add(hint);
  }

  private async write(hints: Hint[], provider: string): Promise<(Claimed | undefined)[]> {
    this.gauges.claimGroupRows.observe(hints.length);
    // In the order of their ids, so that two workers with the same hints wait for each other and never deadlock.
    const ordered = [...hints].sort((a, b) => (a.id < b.id ? -1 : 1));
    // Hints do not name their type: what has been paused since they were published is parked here, and stale for the claim.
    const { pausedTypes } = this.gates;
    if (pausedTypes.length > 0) await this.outbox.parkHints(provider, ordered, pausedTypes);
    const { term } = this.lease; // from before the question: its answer may be read after a long sleep
    const claimed = await this.notifications.claim(ordered, this.lease.processId, provider);
    const byHint = new Map<Hint, Claimed | undefined>();
    ordered.forEach((hint, i) => byHint.set(hint, inTerm(claimed[i], term)));
    return hints.map((hint) => byHint.get(hint));
  }
}

/** Written into what was just read: a copy of so many fields costs more than the rest of the claim's way back. */
function inTerm(claimed: Claimed | undefined, term: number): Claimed | undefined {
  if (claimed) claimed.term = term;
  return claimed;
}
