import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { type Static, Type } from 'typebox';

import { oneOf, text } from '../accept/notification.schema.js';
import { ForcedBreakers } from '../gates/forced-breakers.service.js';
import { Pauses } from '../gates/pauses.service.js';
import { Reason } from '../overview/hold.schema.js';
import { ProviderView, toProviderView } from '../overview/provider.view.js';
import { StandingReader } from '../overview/standing.reader.js';
import type { ProviderConfig } from '../platform/config/posthaste-file.js';
import { Problem } from '../platform/http/problem.js';
import { type CallerRequest, Route } from '../platform/http/route.js';

const BreakerRequest = Type.Object(
  {
    state: oneOf(
      ['open', 'closed'] as const,
      'open: nobody calls it until it is closed here; closed: called at once',
    ),
    reason: Type.Optional(text(512, 'why, for the audit, printable text')),
  },
  { additionalProperties: false },
);
type BreakerRequest = Static<typeof BreakerRequest>;

/** The providers as operators see them: how they do, what holds them, and an operator's own word. */
@Controller('v1/admin/providers')
export class ProvidersController {
  constructor(
    @Inject(StandingReader) private readonly standing: StandingReader,
    @Inject(Pauses) private readonly pauses: Pauses,
    @Inject(ForcedBreakers) private readonly breakers: ForcedBreakers,
  ) {}

  @Get()
  @Route({
    scope: 'admin',
    summary: 'The providers: how they do, and what holds them',
    answers: {
      200: {
        description: 'All that are configured',
        schema: Type.Object({ items: Type.Array(ProviderView) }),
      },
    },
  })
  async list(): Promise<{ items: ProviderView[] }> {
    const standing = await this.standing.read();
    const { providers } = this.standing.channels;
    return { items: providers.map((provider) => toProviderView(provider, standing)) };
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
    await this.pauses.pause({ kind: 'provider', name }, body?.reason, request.caller!.keyId);
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
    await this.pauses.resume({ kind: 'provider', name }, body?.reason, request.caller!.keyId);
    return this.view(name);
  }

  @Post(':name/breaker')
  @HttpCode(200)
  @Route({
    scope: 'admin',
    summary: 'Open or close the breaker of a provider, in every process',
    body: BreakerRequest,
    answers: { 200: { description: 'It is so; workers follow within seconds', schema: ProviderView } },
    problems: ['not_found'],
  })
  async force(
    @Param('name') name: string,
    @Body() body: BreakerRequest,
    @Req() request: CallerRequest,
  ): Promise<ProviderView> {
    this.provider(name);
    await this.breakers.force(name, body.state, body.reason, request.caller!.keyId);
    return this.view(name);
  }

  private async view(name: string): Promise<ProviderView> {
    return toProviderView(this.provider(name), await this.standing.read());
  }

  private provider(name: string): ProviderConfig {
    const provider = this.standing.channels.providers.find((one) => one.name === name);
    if (!provider) throw new Problem('not_found', 'There is no provider with this name.');
    return provider;
  }
}
