import { Readable } from 'node:stream';

import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';

import { allows } from '../platform/auth/scopes.js';
import { IdempotentRequests } from '../platform/http/idempotent-requests.js';
import { type CallerRequest, Route } from '../platform/http/route.js';
import { SuppressionList } from './suppression-list.service.js';
import {
  AddedSuppressions,
  SuppressionPage,
  SuppressionRequest,
  SuppressionsQuery,
} from './suppression.schema.js';

@Controller('v1/suppressions')
export class SuppressionsController {
  constructor(
    @Inject(SuppressionList) private readonly list: SuppressionList,
    @Inject(IdempotentRequests) private readonly idempotent: IdempotentRequests,
  ) {}

  @Get()
  @Route({
    scope: 'read',
    summary: 'Addresses that are not written to, newest first; masked unless the key has the scope admin',
    query: SuppressionsQuery,
    answers: { 200: { description: 'A page', schema: SuppressionPage } },
  })
  find(@Query() query: SuppressionsQuery, @Req() request: CallerRequest): Promise<SuppressionPage> {
    return this.list.list(query, !allows(request.caller!.scopes, 'admin'));
  }

  @Get('export')
  @Route({
    scope: 'admin',
    summary: 'The whole list, a line of JSON each',
    answers: { 200: { description: 'Everything in force, newest first', type: 'application/x-ndjson' } },
  })
  async export(@Req() request: CallerRequest, @Res() reply: FastifyReply): Promise<void> {
    const lines = Readable.from(this.list.export(request.caller!.keyId), { objectMode: false });
    await reply
      .header('content-type', 'application/x-ndjson')
      .header('content-disposition', 'attachment; filename="suppressions.ndjson"')
      .send(lines);
  }

  @Post()
  @HttpCode(201)
  @Route({
    scope: 'admin',
    summary: 'Put an address on the list, or import up to 1000; all or none',
    body: SuppressionRequest,
    answers: { 201: { description: 'They are on the list', schema: AddedSuppressions } },
    problems: ['idempotency_conflict', 'wrong_state', 'too_large'],
    isIdempotent: true,
  })
  add(
    @Body() body: SuppressionRequest | undefined,
    @Req() request: CallerRequest,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<AddedSuppressions> {
    const wanted = body ?? {}; // nothing was sent: every field is missing
    const keyed = { apiKeyId: request.caller!.keyId, key, route: 'POST /v1/suppressions', body: wanted };
    return this.idempotent.run(keyed, () => this.list.add(wanted, keyed.apiKeyId));
  }

  @Delete(':id')
  @HttpCode(204)
  @Route({
    scope: 'admin',
    summary: 'Take a suppression back; a complaint and a STOP stay',
    answers: { 204: { description: 'It is off the list; what it stopped stays stopped' } },
    problems: ['not_found', 'wrong_state'],
  })
  remove(@Param('id') id: string, @Req() request: CallerRequest): Promise<void> {
    return this.list.remove(id, request.caller!.keyId);
  }
}
