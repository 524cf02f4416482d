import { createHash, timingSafeEqual } from 'node:crypto';

import { Controller, Get, Headers, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

import { Config } from '../config/config.js';
import { Problem } from '../http/problem.js';
import { Route } from '../http/route.js';
import { Gauges } from './gauges.js';

@Controller('metrics')
export class MetricsController {
  constructor(
    @Inject(Gauges) private readonly gauges: Gauges,
    @Inject(Config) private readonly config: Config,
  ) {}

  @Get()
  @Route({
    scope: 'open',
    summary: 'Metrics for Prometheus; METRICS_TOKEN guards them when it is set',
    answers: { 200: { description: 'Text format 0.0.4', type: 'text/plain' } },
  })
  async metrics(
    @Headers('authorization') authorization: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const token = this.config.environment.metricsToken;
    if (token !== undefined && !isSame(authorization ?? '', `Bearer ${token}`)) {
      throw new Problem('unauthorized', 'Send the metrics token as `Authorization: Bearer <token>`.');
    }
    const text = await this.gauges.text();
    await reply.header('content-type', this.gauges.registry.contentType).send(text);
  }
}

/** In a time that says nothing: hashes have one length, whatever was sent. */
const isSame = (given: string, wanted: string): boolean => timingSafeEqual(digest(given), digest(wanted));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
