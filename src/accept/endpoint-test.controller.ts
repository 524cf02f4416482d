import { Controller, Headers, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';

import { Endpoints } from '../endpoints/endpoints.service.js';
import { IdempotentRequests } from '../platform/http/idempotent-requests.js';
import { Problem } from '../platform/http/problem.js';
import { type CallerRequest, Route } from '../platform/http/route.js';
import { AcceptService, type Origin } from './accept.service.js';
import { originOf } from './origin.js';
import { Accepted } from './notification.schema.js';
import { timeOrderedId } from '../platform/crypto/time-ordered-id.js';

/** A test that comes an hour later than it was asked for only puzzles its receiver. */
const TEST_EXPIRES_IN = '10m';

/** An event to one endpoint, through the same pipeline as all others, so that its owner sees it arrive. */
@Controller('v1/endpoints/:id')
export class EndpointTestController {
  constructor(
    @Inject(Endpoints) private readonly endpoints: Endpoints,
    @Inject(AcceptService) private readonly accepts: AcceptService,
    @Inject(IdempotentRequests) private readonly idempotent: IdempotentRequests,
  ) {}

  @Post('test')
  @HttpCode(202)
  @Route({
    scope: 'endpoints',
    summary: 'Send the event posthaste.test to this endpoint alone',
    answers: { 202: { description: 'Accepted; its story tells what became of it', schema: Accepted } },
    problems: [
      'not_found',
      'wrong_state',
      'idempotency_conflict',
      'no_provider',
      'unavailable',
      'overloaded',
    ],
    isIdempotent: true,
  })
  send(
    @Param('id') id: string,
    @Req() request: CallerRequest,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<Accepted> {
    const origin = originOf(request);
    const keyed = { apiKeyId: origin.apiKeyId, key, route: `POST /v1/endpoints/${id}/test`, body: {} };
    return this.idempotent.run(keyed, () => this.accept(id, origin));
  }

  private async accept(id: string, origin: Origin): Promise<Accepted> {
    const endpoint = await this.endpoints.get(id);
    if (!endpoint.enabled)
      throw new Problem('wrong_state', 'It is disabled, and the test would wait: enable it first.');
    const { body } = await this.accepts.acceptOwn(
      {
        type: 'posthaste.test',
        channel: 'webhook',
        recipient: endpoint.id,
        to: endpoint.id,
        business_id: `test:${timeOrderedId()}`,
        expires_in: TEST_EXPIRES_IN,
        data: { endpoint_id: endpoint.id, text: 'This is a test. Nothing has happened.' },
      },
      origin,
    );
    return body;
  }
}
