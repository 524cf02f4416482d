import { Inject, Injectable } from '@nestjs/common';

import type { ChannelName } from '../domain/channel.js';
import { fromPublicId, toPublicId } from '../domain/public-id.js';
import { WorkPool } from '../platform/database/pools.js';
import { Problem } from '../platform/http/problem.js';
import type {
  DeadLetter,
  DeadLetterGroups,
  DeadLetterPage,
  DeadLettersQuery,
  GroupsQuery,
} from './dead-letter.schema.js';
import type { DeadLetterFilter } from './sql/dead-letter-filter.js';
import { groupDeadLetters } from './sql/group-dead-letters.js';
import { listDeadLetters, type StoredDeadLetter, type StoredError } from './sql/list-dead-letters.js';

const DEFAULT_LIMIT = 50;

/** What was given up: one by one, and by cause. */
@Injectable()
export class DeadLetters {
  constructor(@Inject(WorkPool) private readonly pool: WorkPool) {}

  /** The last accepted first, by keyset on the id. */
  async list(query: DeadLettersQuery): Promise<DeadLetterPage> {
    const before = query.cursor === undefined ? undefined : fromPublicId('notification', query.cursor);
    if (query.cursor !== undefined && before === undefined) throw wrongCursor();
    const limit = query.limit ?? DEFAULT_LIMIT;
    const { rows, cursor } = await listDeadLetters(this.pool, { ...filterOf(query), before, limit });
    return {
      items: rows.map(toView),
      next_cursor: cursor === undefined ? null : toPublicId('notification', cursor),
    };
  }

  /** By type, provider and class; the most frequent first. */
  async groups(query: GroupsQuery): Promise<DeadLetterGroups> {
    const groups = await groupDeadLetters(this.pool, filterOf(query));
    return {
      items: groups.map((group) => ({
        type: group.type,
        provider: group.provider,
        error_class: group.class,
        count: group.count,
        first_seen: group.firstSeen.toISOString(),
        last_seen: group.lastSeen.toISOString(),
        example_id: toPublicId('notification', group.exampleId),
      })),
    };
  }
}

const timeOf = (text: string | undefined): Date | undefined =>
  text === undefined ? undefined : new Date(text);

export const filterOf = (query: GroupsQuery): DeadLetterFilter => ({
  type: query.type,
  channel: query.channel,
  provider: query.provider,
  errorClass: query.error_class,
  createdAfter: timeOf(query.created_after),
  createdBefore: timeOf(query.created_before),
});

const toView = (row: StoredDeadLetter): DeadLetter => ({
  id: toPublicId('notification', row.id),
  type: row.type,
  recipient: row.recipient,
  business_id: row.businessId,
  channel: row.channel as ChannelName,
  provider: row.provider,
  error_class: row.class,
  code: row.code,
  detail: row.detail,
  attempts: row.attempts,
  created_at: row.createdAt.toISOString(),
  died_at: row.diedAt.toISOString(),
  expires_at: row.expiresAt?.toISOString() ?? null,
  first_error: toError(row.firstError),
  last_error: toError(row.lastError),
});

const toError = (error: StoredError | null): DeadLetter['first_error'] =>
  error && { ...error, at: new Date(error.at).toISOString() };

const wrongCursor = (): Problem =>
  new Problem('invalid_request', 'This cursor is none of ours.', {
    errors: [{ path: '/cursor', message: 'is not a next_cursor' }],
  });
