import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Query,
  Req,
} from '@nestjs/common';

import { IdempotentRequests } from '../platform/http/idempotent-requests.js';
import { type CallerRequest, Route } from '../platform/http/route.js';
import { EndpointChanges } from './endpoint-changes.service.js';
import {
  CreatedEndpoint,
  EndpointList,
  EndpointPatch,
  EndpointQuery,
  EndpointRequest,
  EndpointSecret,
  EndpointView,
} from './endpoint.schema.js';
import { Endpoints } from './endpoints.service.js';

@Controller('v1/endpoints')
export class EndpointsController {
  constructor(
    @Inject(Endpoints) private readonly endpoints: Endpoints,
    @Inject(EndpointChanges) private readonly changes: EndpointChanges,
    @Inject(IdempotentRequests) private readonly idempotent: IdempotentRequests,
  ) {}

  @Post()
  @HttpCode(201)
  @Route({
    scope: 'endpoints',
    summary: 'Register a URL for events',
    body: EndpointRequest,
    answers: {
      201: { description: 'Registered; the secret verifies what it will get', schema: CreatedEndpoint },
    },
    problems: ['idempotency_conflict', 'wrong_state'],
    isIdempotent: true,
  })
  create(
    @Body() body: EndpointRequest,
    @Req() request: CallerRequest,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<EndpointView & { secret: string }> {
    const keyed = { apiKeyId: request.caller!.keyId, key, route: 'POST /v1/endpoints', body };
    return this.idempotent.run(keyed, () => this.endpoints.create(body));
  }

  @Get()
  @Route({
    scope: 'endpoints',
    summary: 'List endpoints, newest first',
    query: EndpointQuery,
    answers: { 200: { description: 'A page', schema: EndpointList } },
  })
  list(@Query() query: EndpointQuery): Promise<{ items: EndpointView[]; next_cursor: string | null }> {
    return this.endpoints.list(query);
  }

  @Get(':id')
  @Route({
    scope: 'endpoints',
    summary: 'One endpoint',
    answers: { 200: { description: 'The endpoint, without its secret', schema: EndpointView } },
    problems: ['not_found'],
  })
  get(@Param('id') id: string): Promise<EndpointView> {
    return this.endpoints.get(id);
  }

  @Get(':id/secret')
  @Route({
    scope: 'endpoints',
    summary: 'The secret that signs what this endpoint gets',
    answers: { 200: { description: 'whsec_…', schema: EndpointSecret } },
    problems: ['not_found'],
  })
  async secret(@Param('id') id: string): Promise<{ secret: string }> {
    return { secret: await this.endpoints.secret(id) };
  }

  @Patch(':id')
  @Route({
    scope: 'endpoints',
    summary: 'Change an endpoint; what is left out stays, null takes a wish back',
    body: EndpointPatch,
    answers: { 200: { description: 'As it is now', schema: EndpointView } },
    problems: ['not_found'],
  })
  async patch(
    @Param('id') id: string,
    @Body() body: EndpointPatch,
    @Req() request: CallerRequest,
  ): Promise<EndpointView> {
    await this.changes.patch(id, body, request.caller!.keyId);
    return this.endpoints.get(id);
  }

  @Delete(':id')
  @HttpCode(204)
  @Route({
    scope: 'endpoints',
    summary: 'Delete an endpoint; what waits for it ends in the dead letters',
    answers: { 204: { description: 'Deleted' } },
    problems: ['not_found'],
  })
  delete(@Param('id') id: string, @Req() request: CallerRequest): Promise<void> {
    return this.changes.delete(id, request.caller!.keyId);
  }
}
