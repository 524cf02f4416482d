import { Inject, Injectable } from '@nestjs/common';

import { fromPublicId, toPublicId } from '../domain/public-id.js';
import { WorkPool } from '../platform/database/pools.js';
import { Problem } from '../platform/http/problem.js';
import { isTime } from '../platform/http/time.js';
import { endpointIdOf } from './endpoint-id.js';
import type { AttemptsPage, AttemptsQuery, EndpointAttemptView } from './endpoint.schema.js';
import { type AttemptsCursor, listAttempts, type StoredEndpointAttempt } from './sql/list-attempts.js';

const DEFAULT_LIMIT = 50;

/** The attempts at one endpoint, newest first. */
@Injectable()
export class EndpointAttempts {
  constructor(@Inject(WorkPool) private readonly pool: WorkPool) {}

  /** An endpoint that is not there has none; whether it is, the caller asks first. */
  async list(publicId: string, query: AttemptsQuery): Promise<AttemptsPage> {
    const { rows, next } = await listAttempts(this.pool, {
      endpointId: endpointIdOf(publicId),
      status: query.status,
      after: query.cursor === undefined ? undefined : cursorOf(query.cursor),
      limit: query.limit ?? DEFAULT_LIMIT,
    });
    return { items: rows.map(toView), next_cursor: next ? textOf(next) : null };
  }
}

const toView = (row: StoredEndpointAttempt): EndpointAttemptView => ({
  notification_id: toPublicId('notification', row.notificationId),
  type: row.type,
  number: row.number,
  started_at: row.startedAt,
  status: row.status,
  code: row.code,
  detail: row.detail,
  duration_ms: row.durationMs,
});

/** `<number>.<notification>.<time>` */
const textOf = ({ number, notificationId, startedAt }: AttemptsCursor): string =>
  `${number}.${toPublicId('notification', notificationId)}.${startedAt.replace(/\D/g, '')}`;

const CURSOR = /^([1-9]\d{0,8})\.(ntf_[0-9a-z]{26})\.(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{6})$/;

function cursorOf(text: string): AttemptsCursor {
  const [, number, publicId, ...at] = CURSOR.exec(text) ?? [];
  const notificationId = fromPublicId('notification', publicId ?? '');
  const [year, month, day, hour, minute, second, micros] = at;
  const startedAt = `${year}-${month}-${day}T${hour}:${minute}:${second}.${micros}Z`;
  if (notificationId === undefined || !isTime(startedAt)) throw wrongCursor();
  return { number: Number(number), notificationId, startedAt };
}

const wrongCursor = (): Problem =>
  new Problem('invalid_request', 'This cursor is none of ours.', {
    errors: [{ path: '/cursor', message: 'is not a next_cursor' }],
  });
