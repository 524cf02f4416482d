import type { Pool } from 'pg';

import type { ChannelName, InDoubtPolicy, Lane } from '../../domain/channel.js';
import type { Doubt } from '../../domain/doubt.js';
import { readPrecedents, type StoredPrecedents } from '../claimed.js';
import { PRECEDENTS } from './precedents.js';

/** A doubt whose provider is to be asked now, with what the question and the verdict on its answer need. */
export interface DoubtToAsk {
  id: string;
  dispatch: number;
  type: string;
  channel: ChannelName;
  lane: Lane;
  template: string;
  locale: string | null;
  /** Null: erased, so there is nothing to look for. */
  payload: Buffer | null;
  onInDoubt: InDoubtPolicy | null;
  tries: number;
  createdAt: Date;
  expiresAt: Date | null;
  deadlineAt: Date;
  /** Questions answered so far with "not there". */
  asked: number;
  /** The last doubtful attempt, and when it was given up. */
  attempt: number;
  provider: string;
  finishedAt: Date;
  /** Past its expiry or deadline. */
  isLate: boolean;
  doubts: readonly Doubt[];
}

type Row = Omit<DoubtToAsk, 'doubts'> & { precedents: StoredPrecedents | null };

/** Served by `undelivered_to_ask`, which holds nothing but these. Only one process asks at a time, and what it finds is guarded. */
const FIND_DOUBTS_TO_ASK = `
  SELECT n.id, n.dispatch, n.type, n.channel, n.lane, n.template, n.locale, n.payload, n.on_in_doubt AS "onInDoubt", n.tries,
         n.created_at AS "createdAt", n.expires_at AS "expiresAt", n.deadline_at AS "deadlineAt", u.asked,
         a.number AS attempt, a.provider, a.finished_at AS "finishedAt",
         least(n.expires_at, n.deadline_at) <= now() AS "isLate", ${PRECEDENTS('n.id', 'true')} AS precedents
    FROM undelivered u
    JOIN notifications n ON n.id = u.notification_id AND n.status = 'in_doubt'
    JOIN LATERAL (
      SELECT number, provider, finished_at FROM attempts
       WHERE notification_id = n.id AND outcome = 'in_doubt' ORDER BY number DESC LIMIT 1) a ON true
   WHERE u.ask_at <= now() AND u.status = 'in_doubt'
   ORDER BY u.ask_at
   LIMIT $1`;

export async function findDoubtsToAsk(pool: Pool, limit: number): Promise<DoubtToAsk[]> {
  const { rows } = await pool.query<Row>({
    name: 'find_doubts_to_ask',
    text: FIND_DOUBTS_TO_ASK,
    values: [limit],
  });
  return rows.map(({ precedents, ...row }) => ({ ...row, doubts: readPrecedents(precedents).doubts }));
}
