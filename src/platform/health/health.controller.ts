import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';

import { Route } from '../http/route.js';
import { Readiness } from './readiness.js';

const Live = Type.Object({ status: Type.Literal('ok') });
const Ready = Type.Object({
  status: Type.Union([Type.Literal('ok'), Type.Literal('unavailable')]),
  checks: Type.Record(Type.String(), Type.String(), {
    description: 'what was asked, and `ok` or what is wrong',
  }),
});

@Controller('health')
export class HealthController {
  constructor(@Inject(Readiness) private readonly readiness: Readiness) {}

  @Get('live')
  @Route({
    scope: 'open',
    summary: 'Whether the process lives',
    answers: { 200: { description: 'It does', schema: Live } },
  })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @Route({
    scope: 'open',
    summary: 'Whether it can do its work: PostgreSQL, queue backend, migrations',
    answers: {
      200: { description: 'It can', schema: Ready },
      503: { description: 'It cannot; `checks` says why', schema: Ready },
    },
  })
  async ready(
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ status: string; checks: Record<string, string> }> {
    const { isReady, checks } = await this.readiness.check();
    void reply.status(isReady ? 200 : 503);
    return { status: isReady ? 'ok' : 'unavailable', checks };
  }
}
