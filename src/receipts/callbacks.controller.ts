import { Controller, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { inTime } from '../platform/http/in-time.js';
import { Route } from '../platform/http/route.js';
import { Callbacks } from './callbacks.service.js';

@Controller('v1/callbacks')
export class CallbacksController {
  constructor(@Inject(Callbacks) private readonly callbacks: Callbacks) {}

  @Post(':provider')
  @HttpCode(204)
  @Route({
    scope: 'open',
    summary: 'Receipts of a provider, signed by its vendor’s own rules',
    answers: { 204: { description: 'Taken, or known already, or nothing that concerns us' } },
    problems: [
      'invalid_request',
      'unauthorized',
      'not_found',
      'too_large',
      'unsupported_media_type',
      'unavailable',
    ],
  })
  async take(
    @Param('provider') provider: string,
    @Req() { originalUrl, headers, body }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const request = { target: originalUrl, headers, body: Buffer.isBuffer(body) ? body : Buffer.alloc(0) };
    await inTime(this.callbacks.take(provider, request), reply.elapsedTime);
  }
}
