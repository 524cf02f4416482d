import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { type Static, Type } from 'typebox';

import { ApiKeys, type KeyView } from '../platform/auth/api-keys.service.js';
import { SCOPES, type Scope } from '../platform/auth/scopes.js';
import { RATE_PATTERN } from '../platform/config/units.js';
import { IdempotentRequests } from '../platform/http/idempotent-requests.js';
import { Problem } from '../platform/http/problem.js';
import { type CallerRequest, Route } from '../platform/http/route.js';

const Scopes = Type.Array(Type.Unsafe<Scope>({ type: 'string', enum: [...SCOPES] }), {
  minItems: 1,
  maxItems: SCOPES.length,
  description: 'what it may do; admin may do everything',
});

const KeyRequest = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 128,
      pattern: '^[^\\u0000-\\u001f\\u007f]+$',
      description: 'for people, printable text',
    }),
    scopes: Scopes,
    expires_at: Type.Optional(Type.String({ format: 'date-time' })),
    rate: Type.Optional(
      Type.String({
        pattern: RATE_PATTERN,
        description: 'what it may ask of each process, as 100/s; default: limits.rate',
      }),
    ),
  },
  { additionalProperties: false },
);
type KeyRequest = Static<typeof KeyRequest>;

const nullableTime = Type.Union([Type.String({ format: 'date-time' }), Type.Null()]);
const key = {
  id: Type.String(),
  name: Type.String(),
  scopes: Scopes,
  created_at: Type.String({ format: 'date-time' }),
  expires_at: nullableTime,
  last_used_at: nullableTime,
  rate: Type.Union([Type.String(), Type.Null()], { description: 'null: limits.rate of the configuration' }),
};
const Key = Type.Object(key);
const CreatedKey = Type.Object({
  ...key,
  key: Type.String({ description: 'ph_<keyid>_<secret>, shown now and never again' }),
});

/** Who may call: keys are made, listed and revoked. Two may live side by side, so that one can be replaced in peace. */
@Controller('v1/admin/api-keys')
export class ApiKeysController {
  constructor(
    @Inject(ApiKeys) private readonly keys: ApiKeys,
    @Inject(IdempotentRequests) private readonly idempotent: IdempotentRequests,
  ) {}

  @Post()
  @HttpCode(201)
  @Route({
    scope: 'admin',
    summary: 'Make an API key',
    body: KeyRequest,
    answers: { 201: { description: 'Made; its secret is in `key`', schema: CreatedKey } },
    problems: ['idempotency_conflict', 'wrong_state'],
    isIdempotent: true,
  })
  create(
    @Body() body: KeyRequest,
    @Req() request: CallerRequest,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
  ): Promise<KeyView & { key: string }> {
    const keyed = {
      apiKeyId: request.caller!.keyId,
      key: idempotencyKey,
      route: 'POST /v1/admin/api-keys',
      body,
    };
    return this.idempotent.run(keyed, () =>
      this.keys.create(body.name, body.scopes, body.expires_at, keyed.apiKeyId, body.rate),
    );
  }

  @Get()
  @Route({
    scope: 'admin',
    summary: 'The API keys that are not revoked',
    answers: {
      200: { description: 'Without their secrets', schema: Type.Object({ items: Type.Array(Key) }) },
    },
  })
  async list(): Promise<{ items: KeyView[] }> {
    return { items: await this.keys.list() };
  }

  @Delete(':id')
  @HttpCode(204)
  @Route({
    scope: 'admin',
    summary: 'Revoke an API key',
    answers: { 204: { description: 'It is unknown from now on, in other processes within seconds' } },
    problems: ['not_found'],
  })
  async revoke(@Param('id') id: string, @Req() request: CallerRequest): Promise<void> {
    if (!/^[A-Za-z0-9]{1,32}$/.test(id) || !(await this.keys.revoke(id, request.caller!.keyId))) {
      throw new Problem('not_found', 'There is no API key with this id.');
    }
  }
}
