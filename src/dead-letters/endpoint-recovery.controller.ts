import { Body, Controller, Headers, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';

import { Endpoints } from '../endpoints/endpoints.service.js';
import { timeOrderedId } from '../platform/crypto/time-ordered-id.js';
import { DatabaseClock } from '../platform/clock/database-clock.js';
import { IdempotentRequests } from '../platform/http/idempotent-requests.js';
import { Problem } from '../platform/http/problem.js';
import { type CallerRequest, Route } from '../platform/http/route.js';
import { RecoveryRequest, RedriveStarted } from './redrive.schema.js';
import { Redrives } from './redrives.service.js';

/** An owner's redrive: what was given up at one endpoint goes again. */
@Controller('v1/endpoints/:id')
export class EndpointRecoveryController {
  constructor(
    @Inject(Endpoints) private readonly endpoints: Endpoints,
    @Inject(Redrives) private readonly redrives: Redrives,
    @Inject(DatabaseClock) private readonly clock: DatabaseClock,
    @Inject(IdempotentRequests) private readonly idempotent: IdempotentRequests,
  ) {}

  @Post('recover')
  @HttpCode(202)
  @Route({
    scope: 'endpoints',
    summary: 'Send again what was given up at this endpoint in a range of time',
    body: RecoveryRequest,
    answers: {
      202: { description: 'It has begun: the redrive and how many it covers', schema: RedriveStarted },
    },
    problems: ['not_found', 'wrong_state', 'idempotency_conflict'],
    isIdempotent: true,
  })
  recover(
    @Param('id') id: string,
    @Body() body: RecoveryRequest,
    @Req() request: CallerRequest,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<RedriveStarted> {
    const apiKeyId = request.caller!.keyId;
    const keyed = { apiKeyId, key, route: `POST /v1/endpoints/${id}/recover`, body };
    return this.idempotent.run(keyed, () => this.begin(id, body, apiKeyId));
  }

  private async begin(
    publicId: string,
    { since, until }: RecoveryRequest,
    apiKeyId: string,
  ): Promise<RedriveStarted> {
    const { id } = await this.endpoints.get(publicId);
    const diedBefore = until ?? this.clock.now().toISOString();
    if (Date.parse(since) >= Date.parse(diedBefore))
      throw new Problem('invalid_request', 'There is nothing between these times.', {
        errors: [{ path: '/since', message: 'must be before until, and in the past' }],
      });
    const filter = { status: 'dead', endpoint_id: id, died_after: since, died_before: diedBefore } as const;
    // A name of its own: asked again later, it covers what has died since.
    const name = `recover ${id} ${timeOrderedId()}`;
    const { body } = await this.redrives.create({ name, filter }, apiKeyId);
    return body as RedriveStarted;
  }
}
