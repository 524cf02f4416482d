import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';

import { IdempotentRequests } from '../platform/http/idempotent-requests.js';
import { type CallerRequest, Route } from '../platform/http/route.js';
import { EndpointAttempts } from './endpoint-attempts.reader.js';
import { EndpointChanges } from './endpoint-changes.service.js';
import { EndpointHealthReader } from './endpoint-health.reader.js';
import { EndpointRotation } from './endpoint-rotation.service.js';
import {
  AttemptsPage,
  AttemptsQuery,
  EndpointHealth,
  EndpointView,
  RotatedSecret,
  RotationRequest,
} from './endpoint.schema.js';
import { Endpoints } from './endpoints.service.js';

/** What an owner does with an endpoint that is in use: look, rotate, switch on. */
@Controller('v1/endpoints/:id')
export class EndpointCareController {
  constructor(
    @Inject(Endpoints) private readonly endpoints: Endpoints,
    @Inject(EndpointChanges) private readonly changes: EndpointChanges,
    @Inject(EndpointRotation) private readonly rotation: EndpointRotation,
    @Inject(EndpointAttempts) private readonly attempts: EndpointAttempts,
    @Inject(EndpointHealthReader) private readonly health: EndpointHealthReader,
    @Inject(IdempotentRequests) private readonly idempotent: IdempotentRequests,
  ) {}

  @Post('rotate-secret')
  @HttpCode(200)
  @Route({
    scope: 'endpoints',
    summary: 'Replace the secret; the old one signs too until the overlap is over',
    body: RotationRequest,
    answers: { 200: { description: 'The new secret', schema: RotatedSecret } },
    problems: ['not_found', 'wrong_state', 'idempotency_conflict'],
    isIdempotent: true,
  })
  rotate(
    @Param('id') id: string,
    @Body() body: RotationRequest | undefined,
    @Req() request: CallerRequest,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<RotatedSecret> {
    const apiKeyId = request.caller!.keyId;
    const route = `POST /v1/endpoints/${id}/rotate-secret`;
    return this.idempotent.run({ apiKeyId, key, route, body: body ?? {} }, () =>
      this.rotation.rotate(id, body ?? {}, apiKeyId),
    );
  }

  @Post('enable')
  @HttpCode(200)
  @Route({
    scope: 'endpoints',
    summary: 'Switch an endpoint on again; what waits for it goes out',
    answers: { 200: { description: 'As it is now', schema: EndpointView } },
    problems: ['not_found'],
  })
  async enable(@Param('id') id: string, @Req() request: CallerRequest): Promise<EndpointView> {
    await this.changes.enable(id, request.caller!.keyId);
    return this.endpoints.get(id);
  }

  @Get('attempts')
  @Route({
    scope: 'endpoints',
    summary: 'The attempts at an endpoint, newest first',
    query: AttemptsQuery,
    answers: { 200: { description: 'A page', schema: AttemptsPage } },
    problems: ['not_found'],
  })
  async list(@Param('id') id: string, @Query() query: AttemptsQuery): Promise<AttemptsPage> {
    await this.endpoints.get(id);
    return this.attempts.list(id, query);
  }

  @Get('health')
  @Route({
    scope: 'endpoints',
    summary: 'How an endpoint is: failing, held or disabled, since when, and what waits for it',
    answers: { 200: { description: 'Its health', schema: EndpointHealth } },
    problems: ['not_found'],
  })
  read(@Param('id') id: string): Promise<EndpointHealth> {
    return this.health.read(id);
  }
}
