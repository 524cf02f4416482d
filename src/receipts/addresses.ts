import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';

import type { ChannelName } from '../domain/channel.js';
import { PayloadVault } from '../notifications/payload.js';

/** Where a notification went. */
export interface Destination {
  channel: ChannelName;
  address: string;
}

/**
 * The addresses of notifications, from their own payload: what a callback says of an address is not believed, only which
 * notification it is about.
 */
@Injectable()
export class Addresses {
  constructor(@Inject(PayloadVault) private readonly vault: PayloadVault) {}

  /** By notification; one whose payload is erased is not among them. */
  async of(tx: PoolClient, ids: readonly string[]): Promise<Map<string, Destination>> {
    const { rows } = await tx.query<{ id: string; channel: ChannelName; payload: Buffer }>({
      name: 'read_addresses',
      text: `SELECT id, channel, payload FROM notifications WHERE id = ANY ($1::uuid[]) AND payload IS NOT NULL`,
      values: [ids],
    });
    return new Map(
      rows.map(({ id, channel, payload }) => [id, { channel, address: this.vault.open(id, payload).to }]),
    );
  }
}
