import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type Static, Type } from 'typebox';

import { text, Time } from '../accept/notification.schema.js';
import { AuditTrail, type StoredAuditEntry } from '../platform/audit/audit-trail.service.js';
import { Route } from '../platform/http/route.js';

const DEFAULT_LIMIT = 50;

const AuditQuery = Type.Object(
  {
    api_key_id: Type.Optional(text(32, 'only what this key did')),
    action: Type.Optional(text(64, 'only this, as notification.retry')),
    target: Type.Optional(text(64, 'only what was done to this id')),
    cursor: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,17}$', description: 'a next_cursor' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'default 50' })),
  },
  { additionalProperties: false },
);
type AuditQuery = Static<typeof AuditQuery>;

const State = Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]);
const AuditView = Type.Object({
  id: Type.String(),
  at: Time('when'),
  api_key_id: Type.String({ description: 'whose key it was' }),
  action: Type.String(),
  target: Type.String({ description: 'the id of what was changed' }),
  reason: Type.Union([Type.String(), Type.Null()]),
  before: State,
  after: State,
});
const AuditPage = Type.Object({
  items: Type.Array(AuditView),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
});
type AuditPage = Static<typeof AuditPage>;

/** Who changed what, and why. */
@Controller('v1/admin/audit')
export class AuditController {
  constructor(@Inject(AuditTrail) private readonly audit: AuditTrail) {}

  @Get()
  @Route({
    scope: 'admin',
    summary: 'What operators did, newest first',
    query: AuditQuery,
    answers: { 200: { description: 'A page', schema: AuditPage } },
  })
  async list(@Query() query: AuditQuery): Promise<AuditPage> {
    const limit = query.limit ?? DEFAULT_LIMIT;
    const entries = await this.audit.list({
      apiKeyId: query.api_key_id,
      action: query.action,
      target: query.target,
      before: query.cursor,
      limit: limit + 1,
    });
    return {
      items: entries.slice(0, limit).map(toView),
      next_cursor: entries.length > limit ? entries[limit - 1]!.id : null,
    };
  }
}

const toView = (entry: StoredAuditEntry): AuditPage['items'][number] => ({
  id: entry.id,
  at: entry.at.toISOString(),
  api_key_id: entry.apiKeyId,
  action: entry.action,
  target: entry.target,
  reason: entry.reason,
  before: entry.before as AuditPage['items'][number]['before'],
  after: entry.after as AuditPage['items'][number]['after'],
});
