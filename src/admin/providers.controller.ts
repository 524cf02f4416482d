import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { type Static, Type } from 'typebox';

import { ChannelRegistry } from '../channels/channel.registry.js';
import { CHANNELS } from '../domain/channel.js';
import { GATE_HOLDERS, type Hold } from '../domain/gate.js';
import { GatesStore } from '../gates/gates.store.js';
import { Pauses } from '../gates/pauses.service.js';
import type { ProviderConfig } from '../platform/config/posthaste-file.js';
import { Problem } from '../platform/http/problem.js';
import { type CallerRequest, Route } from '../platform/http/route.js';

const oneOf = <const T extends readonly string[]>(values: T) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values] });

const HoldView = Type.Object({
  by: oneOf(GATE_HOLDERS),
  since: Type.String({ format: 'date-time' }),
  until: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'null: until it is let go',
  }),
  detail: Type.Union([Type.String(), Type.Null()]),
});

const ProviderView = Type.Object({
  name: Type.String(),
  channel: oneOf(CHANNELS),
  kind: Type.String(),
  priority: Type.Integer(),
  concurrency: Type.Integer({ description: 'calls in flight per worker process' }),
  state: oneOf(['open', 'held'] as const),
  holds: Type.Array(HoldView),
});
type ProviderView = Static<typeof ProviderView>;

const Reason = Type.Object(
  {
    reason: Type.Optional(
      Type.String({ minLength: 1, maxLength: 512, pattern: '^[^\\u0000-\\u001f\\u007f]+$' }),
    ),
  },
  { additionalProperties: false },
);

type Reason = Static<typeof Reason>;

/** The providers as operators see them: what holds them, and an operator's own hold. */
@Controller('v1/admin/providers')
export class ProvidersController {
  constructor(
    @Inject(ChannelRegistry) private readonly channels: ChannelRegistry,
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(Pauses) private readonly pauses: Pauses,
  ) {}

  @Get()
  @Route({
    scope: 'admin',
    summary: 'The providers, and what holds them',
    answers: {
      200: {
        description: 'All that are configured',
        schema: Type.Object({ items: Type.Array(ProviderView) }),
      },
    },
  })
  async list(): Promise<{ items: ProviderView[] }> {
    const { holds } = await this.gates.held();
    return { items: this.channels.providers.map((provider) => toView(provider, holds)) };
  }

  @Post(':name/pause')
  @HttpCode(200)
  @Route({
    scope: 'admin',
    summary: 'Let nothing go out through a provider until it is resumed',
    body: Reason,
    answers: { 200: { description: 'It is paused', schema: ProviderView } },
    problems: ['not_found'],
  })
  async pause(
    @Param('name') name: string,
    @Body() body: Reason | undefined,
    @Req() request: CallerRequest,
  ): Promise<ProviderView> {
    this.provider(name);
    await this.pauses.pause(name, body?.reason, request.caller!.keyId);
    return this.view(name);
  }

  @Post(':name/resume')
  @HttpCode(200)
  @Route({
    scope: 'admin',
    summary: 'End a pause; other holds stay',
    body: Reason,
    answers: { 200: { description: 'It is not paused', schema: ProviderView } },
    problems: ['not_found'],
  })
  async resume(
    @Param('name') name: string,
    @Body() body: Reason | undefined,
    @Req() request: CallerRequest,
  ): Promise<ProviderView> {
    this.provider(name);
    await this.pauses.resume(name, body?.reason, request.caller!.keyId);
    return this.view(name);
  }

  private async view(name: string): Promise<ProviderView> {
    return toView(this.provider(name), (await this.gates.held()).holds);
  }

  private provider(name: string): ProviderConfig {
    const provider = this.channels.providers.find((one) => one.name === name);
    if (!provider) throw new Problem('not_found', 'There is no provider with this name.');
    return provider;
  }
}

function toView(provider: ProviderConfig, holds: readonly Hold[]): ProviderView {
  const own = holds.filter((hold) => hold.kind === 'provider' && hold.key === provider.name);
  const { name, channel, kind, priority, concurrency } = provider;
  return {
    name,
    channel,
    kind,
    priority,
    concurrency,
    state: own.length > 0 ? 'held' : 'open',
    holds: own.map(toHold),
  };
}

const toHold = ({ heldBy, since, until, detail }: Hold): ProviderView['holds'][number] => ({
  by: heldBy,
  since: since.toISOString(),
  until: until?.toISOString() ?? null,
  detail,
});
