import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

import { IdempotentRequests } from '../platform/http/idempotent-requests.js';
import { type CallerRequest, Route } from '../platform/http/route.js';
import { ErasureRequest, ErasureView } from '../retention/erasure.schema.js';
import { Erasures } from '../retention/erasures.service.js';

@Controller('v1/admin/erasures')
export class ErasuresController {
  constructor(
    @Inject(Erasures) private readonly erasures: Erasures,
    @Inject(IdempotentRequests) private readonly idempotent: IdempotentRequests,
  ) {}

  @Post()
  @HttpCode(202)
  @Route({
    scope: 'admin',
    summary: 'Erase what is kept of a recipient; what still waits is cancelled',
    body: ErasureRequest,
    answers: { 202: { description: 'It has begun, and ends by itself', schema: ErasureView } },
    problems: ['idempotency_conflict', 'wrong_state'],
    isIdempotent: true,
  })
  async create(
    @Body() body: ErasureRequest,
    @Req() request: CallerRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<ErasureView> {
    const keyed = { apiKeyId: request.caller!.keyId, key, route: 'POST /v1/admin/erasures', body };
    const view = await this.idempotent.run(keyed, () => this.erasures.create(body, keyed.apiKeyId));
    void reply.header('location', `/v1/admin/erasures/${view.id}`);
    return view;
  }

  @Get(':id')
  @Route({
    scope: 'admin',
    summary: 'How far an erasure is',
    answers: { 200: { description: 'What is gone, and what is still held', schema: ErasureView } },
    problems: ['not_found'],
  })
  get(@Param('id') id: string): Promise<ErasureView> {
    return this.erasures.get(id);
  }
}
