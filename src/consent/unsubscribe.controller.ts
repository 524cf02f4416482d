import { Controller, Get, Inject, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

import { inTime } from '../platform/http/in-time.js';
import { Route } from '../platform/http/route.js';
import type { WholePage } from '../platform/http/whole-page.js';
import { askPage, donePage, unknownPage } from './unsubscribe-page.js';
import { type Subscription, Unsubscribe } from './unsubscribe.service.js';

/** RFC 8058: the POST of a mail program, or of the page's button, unsubscribes; a GET, which scanners do, never does. */
@Controller('v1/unsubscribe')
export class UnsubscribeController {
  constructor(@Inject(Unsubscribe) private readonly unsubscribe: Unsubscribe) {}

  @Get(':token')
  @Route({
    scope: 'open',
    summary: 'The page on which a recipient unsubscribes; changes nothing',
    answers: {
      200: { description: 'What would end, and a button', type: 'text/html' },
      404: { description: 'The link is not from here', type: 'text/html' },
    },
  })
  async ask(@Param('token') token: string, @Res() reply: FastifyReply): Promise<void> {
    await show(reply, await inTime(this.unsubscribe.look(token), reply.elapsedTime), askPage);
  }

  @Post(':token')
  @Route({
    scope: 'open',
    summary: 'Unsubscribe, by one click (RFC 8058); whatever body comes along is not needed',
    answers: {
      200: { description: 'It has ended, now or before', type: 'text/html' },
      404: { description: 'The link is not from here; nothing was changed', type: 'text/html' },
    },
    problems: ['unavailable'],
  })
  async end(@Param('token') token: string, @Res() reply: FastifyReply): Promise<void> {
    await show(reply, await inTime(this.unsubscribe.end(token), reply.elapsedTime), donePage);
  }
}

async function show(
  reply: FastifyReply,
  subscription: Subscription | undefined,
  pageOf: (subscription: Subscription) => WholePage,
): Promise<void> {
  const page = subscription ? pageOf(subscription) : unknownPage();
  await reply
    .status(subscription ? 200 : 404)
    .headers(page.headers)
    .send(page.html);
}
