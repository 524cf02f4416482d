import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

import { inTime } from '../platform/http/in-time.js';
import { type CallerRequest, Route } from '../platform/http/route.js';
import { Log } from '../platform/logging/log.js';
import { AcceptService, type ItemAnswer } from './accept.service.js';
import { originOf } from './origin.js';
import { Accepted, BatchAnswer, BatchRequest, NotificationRequest } from './notification.schema.js';
import { Stories } from './stories.service.js';
import { ListQuery, NotificationPage, NotificationStory } from './story.schema.js';

@Controller('v1/notifications')
export class NotificationsController {
  constructor(
    @Inject(AcceptService) private readonly accepts: AcceptService,
    @Inject(Stories) private readonly stories: Stories,
    @Inject(Log) private readonly log: Log,
  ) {}

  @Post()
  @Route({
    scope: 'send',
    summary: 'Accept a notification for delivery',
    body: NotificationRequest,
    answers: {
      202: { description: 'Accepted now, and durable', schema: Accepted },
      200: { description: 'Accepted before with the same content', schema: Accepted },
    },
    problems: [
      'idempotency_conflict',
      'no_provider',
      'no_template',
      'template_error',
      'schema_mismatch',
      'too_large',
      'unavailable',
    ],
  })
  async create(
    @Body() body: NotificationRequest,
    @Req() request: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Accepted> {
    const answer = await inTime(this.accepts.accept(body, originOf(request)), reply.elapsedTime);
    void reply.status(answer.httpStatus).header('location', `/v1/notifications/${answer.body.id}`);
    return answer.body;
  }

  @Post('batch')
  @HttpCode(200)
  @Route({
    scope: 'send',
    summary: 'Accept up to 1000 notifications; each stands alone',
    body: BatchRequest,
    answers: { 200: { description: 'One result each, in order', schema: BatchAnswer } },
    problems: ['too_large', 'unavailable'],
  })
  async createBatch(
    @Body() body: { notifications: unknown[] },
    @Req() request: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ results: object[] }> {
    const answers = await inTime(
      this.accepts.acceptBatch(body.notifications, originOf(request)),
      reply.elapsedTime,
    );
    this.logFaultsOfOurs(answers);
    return { results: answers.map(toResult) };
  }

  @Get()
  @Route({
    scope: 'read',
    summary: 'List notifications, newest first',
    query: ListQuery,
    answers: {
      200: {
        description: 'A page; it may hold less than its limit and still go on',
        schema: NotificationPage,
      },
    },
  })
  list(@Query() query: ListQuery): Promise<NotificationPage> {
    return this.stories.list(query);
  }

  @Get(':id')
  @Route({
    scope: 'read',
    summary: 'The whole story of one',
    answers: {
      200: { description: 'What it is, what happened, what happens next', schema: NotificationStory },
    },
    problems: ['not_found'],
  })
  get(@Param('id') id: string): Promise<NotificationStory> {
    return this.stories.get(id);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Route({
    scope: 'send',
    summary: 'Cancel one that waits',
    answers: { 200: { description: 'It is cancelled', schema: NotificationStory } },
    problems: ['not_found', 'maybe_sent', 'wrong_state'],
  })
  cancel(@Param('id') id: string): Promise<NotificationStory> {
    return this.stories.cancel(id);
  }

  /** What a batch answers in its items never reaches the filter that logs. */
  private logFaultsOfOurs(answers: readonly ItemAnswer[]): void {
    for (const answer of answers) {
      if (!('problem' in answer) || answer.problem.code !== 'internal') continue;
      this.log.error('request.failed', { route: '/v1/notifications/batch', err: answer.problem.cause });
    }
  }
}

function toResult(answer: ItemAnswer, index: number): object {
  if (!('problem' in answer)) return { index, http_status: answer.httpStatus, ...answer.body };
  const { problem } = answer;
  return {
    index,
    http_status: problem.status,
    problem: problem.toDetails(`/v1/notifications/batch#/notifications/${index}`),
  };
}
