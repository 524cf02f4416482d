import type { PoolClient } from 'pg';

import type { ChannelName, InDoubtPolicy } from '../../domain/channel.js';
import type { Status } from '../../domain/status.js';

/** Where one stands, for whoever is about to change it by an operator's word. */
export interface Standing {
  id: string;
  status: Status;
  reason: string | null;
  type: string;
  channel: ChannelName;
  onInDoubt: InDoubtPolicy | null;
  tries: number;
  isExpired: boolean;
  isErased: boolean;
  /** Whose answer to the last doubtful attempt nobody knows; null: there is no such attempt. */
  doubtfulProvider: string | null;
}

/** No lock: the statement that follows is guarded, and takes its locks in the order in which all others do. */
const READ_STANDING = `
  SELECT n.id, n.status, n.reason, n.type, n.channel, n.on_in_doubt AS "onInDoubt", n.tries,
         coalesce(n.expires_at <= clock_timestamp(), false) AS "isExpired", n.erased_at IS NOT NULL AS "isErased",
         (SELECT a.provider FROM attempts a
           WHERE a.notification_id = n.id AND a.outcome = 'in_doubt' ORDER BY a.number DESC LIMIT 1) AS "doubtfulProvider"
    FROM notifications n WHERE n.id = ANY ($1::uuid[])`;

export async function readStanding(tx: PoolClient, ids: readonly string[]): Promise<Standing[]> {
  const { rows } = await tx.query<Standing>({ name: 'read_standing', text: READ_STANDING, values: [ids] });
  return rows;
}
