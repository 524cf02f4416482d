import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import type { AddressFault, SuppressionReason } from '../domain/suppression.js';
import { KeyedHasher } from '../platform/crypto/keyed-hasher.js';
import { Gauges } from '../platform/metrics/gauges.js';
import { addressHashOf } from '../suppressions/address-hash.js';
import type { SuppressibleChannel } from '../suppressions/suppression.js';
import { Suppressions } from '../suppressions/suppressions.js';

/** What a receipt means for the address itself, whatever becomes of the notification. */
export type SuppressionIntent = {
  channel: SuppressibleChannel;
  /** In its channel's normal form. */
  address: string;
  /** Who says so: `provider <name>`. */
  source: string;
  /** When it was said, by the provider's clock. */
  at: Date;
  /** The one that it answers (a UUID). */
  notificationId?: string;
} & SuppressionVerdict;

export type SuppressionVerdict =
  { do: 'suppress'; reason: SuppressionReason; after?: AddressFault['after'] } | { do: 'allow' };

/** What somebody said who now wants to hear from us again. A hard bounce or a complaint is not theirs to take back. */
const TAKEN_BACK: Record<SuppressibleChannel, readonly SuppressionReason[]> = {
  sms: ['stop'],
  email: ['unsubscribe'],
};

/** Brings what receipts say of addresses to the list, in the receipt's own transaction: one is not there without the other. */
@Injectable()
export class SuppressionIntents {
  constructor(
    @Inject(Suppressions) private readonly suppressions: Suppressions,
    @Inject(Gauges) private readonly gauges: Gauges,
    @Inject(KeyedHasher) private readonly hasher: KeyedHasher,
  ) {}

  /**
   * Of one address in the order in which they were said; of several in the order of their hashes, as every other writer of
   * the list: two callbacks about the same people wait for each other, never deadlock.
   */
  async apply(tx: PoolClient, intents: readonly SuppressionIntent[]): Promise<void> {
    for (const intent of this.inOrder(intents)) {
      await this.applyOne(tx, intent);
      const verdict = intent.do === 'suppress' ? intent.reason : 'start';
      this.gauges.receiptVerdicts.inc({ channel: intent.channel, verdict });
    }
  }

  private inOrder(intents: readonly SuppressionIntent[]): SuppressionIntent[] {
    const keyed = intents.map((intent) => ({
      intent,
      hash: addressHashOf(this.hasher, intent.channel, intent.address),
    }));
    return keyed
      .sort((a, b) => (a.hash === b.hash ? inTime(a.intent, b.intent) : a.hash < b.hash ? -1 : 1))
      .map(({ intent }) => intent);
  }

  private async applyOne(tx: PoolClient, intent: SuppressionIntent): Promise<void> {
    const { channel, address, source, notificationId, at } = intent;
    if (intent.do === 'allow') {
      await this.suppressions.remove(tx, channel, address, TAKEN_BACK[channel], at);
    } else {
      const { reason, after } = intent;
      await this.suppressions.add(tx, [
        { channel, address, reason, after, source, notificationId, saidAt: at },
      ]);
    }
  }
}

/** Said in the same second, a no outlasts a yes: to write to somebody who said no is the worse mistake. */
const inTime = (a: SuppressionIntent, b: SuppressionIntent): number =>
  a.at.getTime() - b.at.getTime() || Number(b.do === 'allow') - Number(a.do === 'allow');
