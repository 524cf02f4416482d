import { Inject, Injectable } from '@nestjs/common';

import { ChannelRegistry } from '../channels/channel.registry.js';
import type { Content, Parcel } from '../channels/channel.js';
import { contentDigest, keyOf } from '../channels/content-digest.js';
import type { ChannelName, Lane } from '../domain/channel.js';
import { toPublicId } from '../domain/public-id.js';
import { PayloadVault, type Sealed } from '../notifications/payload.js';
import { KeyedHasher } from '../platform/crypto/keyed-hasher.js';

/** What a parcel is made of. */
export interface Packable extends Sealed {
  type: string;
  channel: ChannelName;
  lane: Lane;
  template: string;
  locale: string | null;
  attempt: number;
  createdAt: Date;
}

export interface Packed {
  parcel: Parcel;
  /** Of the content as this provider sends it, hex; null where it cannot change (webhooks: fixed at accept). */
  digest: string | null;
}

/** Opens the sealed payload, renders, and draws up the key. Throws what rendering throws. */
@Injectable()
export class Packing {
  constructor(
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(PayloadVault) private readonly vault: PayloadVault,
    @Inject(KeyedHasher) private readonly hasher: KeyedHasher,
  ) {}

  pack(packable: Packable, provider: string): Packed {
    const { type, template, createdAt, attempt, channel, lane } = packable;
    const id = toPublicId('notification', packable.id);
    const { to, data } = this.vault.openToSend(packable);
    const letter = { id, type, template, locale: packable.locale ?? undefined, data, createdAt, lane };
    const content = this.channels.channel(channel).compose(letter);
    const digest = channel === 'webhook' ? null : this.digestOf(content, to, provider);
    const key = digest === null ? id : keyOf(id, digest);
    return { parcel: { id, key, type, to, attempt, content }, digest };
  }

  /** The address alone, where nothing needs to be rendered. */
  addressOf({ id, payload }: Pick<Sealed, 'id' | 'payload'>): string {
    return this.vault.open(id, payload).to;
  }

  digestOf(content: Content, to: string, provider: string): string {
    return contentDigest(this.hasher, content, to, this.channels.senderOf(provider));
  }
}
