import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';

import { AcknowledgeRequest, AlertPage, AlertsQuery, AlertView } from '../alerts/alert.schema.js';
import { toAlertView } from '../alerts/alert.view.js';
import { AlertsStore } from '../alerts/alerts.store.js';
import { fromPublicId, toPublicId } from '../domain/public-id.js';
import { Problem } from '../platform/http/problem.js';
import { type CallerRequest, Route } from '../platform/http/route.js';

const DEFAULT_LIMIT = 50;

@Controller('v1/admin/alerts')
export class AlertsController {
  constructor(@Inject(AlertsStore) private readonly alerts: AlertsStore) {}

  @Get()
  @Route({
    scope: 'admin',
    summary: 'What is and was wrong, and who has heard of it, newest first',
    query: AlertsQuery,
    answers: { 200: { description: 'A page', schema: AlertPage } },
  })
  async list(@Query() query: AlertsQuery): Promise<AlertPage> {
    const limit = query.limit ?? DEFAULT_LIMIT;
    const found = await this.alerts.list({
      kind: query.kind,
      isOpen: query.state && query.state === 'open',
      before: query.cursor === undefined ? undefined : cursorOf(query.cursor),
      limit: limit + 1,
    });
    const items = found.slice(0, limit);
    return {
      items: items.map(toAlertView),
      next_cursor: found.length > limit ? toPublicId('alert', items.at(-1)!.id) : null,
    };
  }

  @Post(':id/acknowledge')
  @HttpCode(200)
  @Route({
    scope: 'admin',
    summary: 'Say that somebody is at it: it is not told again, only its end',
    body: AcknowledgeRequest,
    answers: { 200: { description: 'It is acknowledged, or over', schema: AlertView } },
    problems: ['not_found'],
  })
  async acknowledge(
    @Param('id') id: string,
    @Body() body: AcknowledgeRequest | undefined,
    @Req() request: CallerRequest,
  ): Promise<AlertView> {
    const uuid = fromPublicId('alert', id);
    const word = { apiKeyId: request.caller!.keyId, reason: body?.reason, target: id };
    const alert = uuid === undefined ? undefined : await this.alerts.acknowledge(uuid, word);
    if (!alert) throw new Problem('not_found', 'There is no alert with this id.');
    return toAlertView(alert);
  }
}

function cursorOf(cursor: string): string {
  const id = fromPublicId('alert', cursor);
  if (id !== undefined) return id;
  throw new Problem('invalid_request', 'This cursor is none of ours.', {
    errors: [{ path: '/cursor', message: 'is not a next_cursor' }],
  });
}
