import type { Pool } from 'pg';

import type { ChannelName } from '../../domain/channel.js';
import type { Fault } from '../fault.js';

/**
 * Takes one fault of the oldest order, for exactly one caller. FOR UPDATE without SKIP LOCKED: who comes second waits and
 * then takes the next one; skipping would let a delivery through that was ordered to fail.
 */
const TAKE = `
  UPDATE sandbox_faults SET remaining = remaining - 1
   WHERE id = (SELECT id FROM sandbox_faults
                WHERE channel = $1 AND remaining > 0 ORDER BY id LIMIT 1 FOR UPDATE)
  RETURNING fault`;

export async function takeFault(pool: Pool, channel: ChannelName): Promise<Fault | undefined> {
  const { rows } = await pool.query<{ fault: Fault }>(TAKE, [channel]);
  return rows[0]?.fault;
}
