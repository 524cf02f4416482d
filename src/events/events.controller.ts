import { Body, Controller, Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

import { originOf } from '../accept/origin.js';
import { inTime } from '../platform/http/in-time.js';
import { type CallerRequest, Route } from '../platform/http/route.js';
import { AcceptEvent } from './accept-event.service.js';
import { AcceptedEvent, EventRequest, EventView } from './event.schema.js';
import { EventsReader } from './events.reader.js';

@Controller('v1/events')
export class EventsController {
  constructor(
    @Inject(AcceptEvent) private readonly events: AcceptEvent,
    @Inject(EventsReader) private readonly reader: EventsReader,
  ) {}

  /** In time means: PostgreSQL has begun. A large fan-out may take longer than the door waits for one that is gone. */
  @Post()
  @Route({
    scope: 'send',
    summary: 'Tell an event to every endpoint that subscribed to it',
    body: EventRequest,
    answers: {
      202: { description: 'Accepted now; every subscriber is owed it', schema: AcceptedEvent },
      200: {
        description: 'Accepted before; endpoints that did not have it are owed it',
        schema: AcceptedEvent,
      },
    },
    problems: [
      'idempotency_conflict',
      'no_provider',
      'schema_mismatch',
      'too_large',
      'overloaded',
      'unavailable',
    ],
  })
  async create(
    @Body() body: EventRequest,
    @Req() request: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AcceptedEvent> {
    const { begun, answer, abandon } = this.events.accept(body, originOf(request));
    await inTime(begun, reply.elapsedTime).catch((error: unknown) => {
      throw abandon(error);
    });
    const { httpStatus, body: accepted } = await answer;
    void reply.status(httpStatus).header('location', `/v1/events/${accepted.id}`);
    return accepted;
  }

  @Get(':id')
  @Route({
    scope: 'read',
    summary: 'One event, and how its notifications stand',
    answers: { 200: { description: 'What it is, and the counts', schema: EventView } },
    problems: ['not_found'],
  })
  get(@Param('id') id: string): Promise<EventView> {
    return this.reader.get(id);
  }
}
