import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

import {
  RedriveCancel,
  RedriveRequest,
  RedriveStarted,
  RedriveView,
} from '../dead-letters/redrive.schema.js';
import { Redrives } from '../dead-letters/redrives.service.js';
import { type CallerRequest, Route } from '../platform/http/route.js';

@Controller('v1/admin/redrives')
export class RedrivesController {
  constructor(@Inject(Redrives) private readonly redrives: Redrives) {}

  @Post()
  @Route({
    scope: 'admin',
    summary: 'Send many again, under one name',
    body: RedriveRequest,
    answers: {
      202: { description: 'It has begun; or, of a dry run, what it would cover', schema: RedriveStarted },
      200: { description: 'It was begun before with the same body: how far it is', schema: RedriveView },
    },
    problems: ['idempotency_conflict'],
  })
  async create(
    @Body() body: RedriveRequest,
    @Req() request: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RedriveStarted | RedriveView> {
    const answer = await this.redrives.create(body, request.caller!.keyId);
    void reply.status(answer.isKnown ? 200 : 202);
    if (answer.body.id !== null) void reply.header('location', `/v1/admin/redrives/${answer.body.id}`);
    return answer.body;
  }

  @Get(':id')
  @Route({
    scope: 'admin',
    summary: 'How far a redrive is',
    answers: { 200: { description: 'Its counts and when it will be done', schema: RedriveView } },
    problems: ['not_found'],
  })
  get(@Param('id') id: string): Promise<RedriveView> {
    return this.redrives.get(id);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Route({
    scope: 'admin',
    summary: 'Stop a redrive; what it has moved stays moved',
    body: RedriveCancel,
    answers: { 200: { description: 'It is cancelled', schema: RedriveView } },
    problems: ['not_found', 'wrong_state'],
  })
  cancel(
    @Param('id') id: string,
    @Body() body: RedriveCancel | undefined,
    @Req() request: CallerRequest,
  ): Promise<RedriveView> {
    return this.redrives.cancel(id, { apiKeyId: request.caller!.keyId, reason: body?.reason });
  }
}
