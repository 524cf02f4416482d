import { Inject, Injectable } from '@nestjs/common';

import { type Addressee, NotificationsReader } from '../notifications/notifications.reader.js';
import { PayloadVault } from '../notifications/payload.js';
import { WorkPool } from '../platform/database/pools.js';
import { isSuppressible } from '../suppressions/suppression.js';
import { Suppressions } from '../suppressions/suppressions.js';
import { maskedAddress } from './masked-address.js';
import { UnsubscribeLinks } from './unsubscribe-links.js';

/** What a link is about, as far as its page may say. */
export interface Subscription {
  type: string;
  /** Masked; undefined once retention has erased it. */
  address: string | undefined;
}

/** A recipient's own word, given by the link in a mail. It ends one type for one address; saying it twice is saying it once. */
@Injectable()
export class Unsubscribe {
  constructor(
    @Inject(UnsubscribeLinks) private readonly links: UnsubscribeLinks,
    @Inject(NotificationsReader) private readonly notifications: NotificationsReader,
    @Inject(PayloadVault) private readonly vault: PayloadVault,
    @Inject(Suppressions) private readonly suppressions: Suppressions,
    @Inject(WorkPool) private readonly pool: WorkPool,
  ) {}

  /** Changes nothing. Undefined: the token is not ours. */
  async look(token: string): Promise<Subscription | undefined> {
    const addressee = await this.addresseeOf(token);
    return addressee && this.subscriptionOf(addressee);
  }

  /** Undefined: the token is not ours, and nothing has changed. */
  async end(token: string): Promise<Subscription | undefined> {
    const addressee = await this.addresseeOf(token);
    if (!addressee || addressee.addressHash === null || !isSuppressible(addressee.channel)) return undefined;
    const { id, type, channel, addressHash } = addressee;
    const address = this.addressOf(addressee);
    await this.suppressions.add(this.pool, [
      {
        channel,
        ...(address === undefined ? { addressHash } : { address }),
        reason: 'unsubscribe',
        type,
        source: 'one_click',
        notificationId: id,
      },
    ]);
    return this.subscriptionOf(addressee);
  }

  private async addresseeOf(token: string): Promise<Addressee | undefined> {
    const id = this.links.read(token);
    return id === undefined ? undefined : this.notifications.addressee(id);
  }

  private subscriptionOf(addressee: Addressee): Subscription {
    const address = this.addressOf(addressee);
    return { type: addressee.type, address: address === undefined ? undefined : maskedAddress(address) };
  }

  private addressOf({ id, payload }: Addressee): string | undefined {
    return payload === null ? undefined : this.vault.open(id, payload).to;
  }
}
