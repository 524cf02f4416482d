import type { Pool } from 'pg';

import type { ChannelName } from '../../domain/channel.js';

/** Whom a notification went to, and as what. */
export interface Addressee {
  id: string;
  type: string;
  channel: ChannelName;
  /** Hex; it outlives the payload. Null for webhooks. */
  addressHash: string | null;
  payload: Buffer | null;
}

export async function readAddressee(pool: Pool, id: string): Promise<Addressee | undefined> {
  const { rows } = await pool.query<Addressee>({
    name: 'read_addressee',
    text: `SELECT id, type, channel, encode(address_hash, 'hex') AS "addressHash", payload
             FROM notifications WHERE id = $1`,
    values: [id],
  });
  return rows[0];
}
