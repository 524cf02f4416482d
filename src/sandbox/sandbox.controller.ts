import { Body, Controller, Delete, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';

import { Route } from '../platform/http/route.js';
import { FaultsStore } from './faults.store.js';
import {
  ChannelQuery,
  FaultAnswer,
  FaultRequest,
  FaultsAnswer,
  MessagesAnswer,
  MessagesQuery,
  toArrivalQuery,
  toFault,
  toMessage,
} from './sandbox.schema.js';
import { SandboxStore } from './sandbox.store.js';

/** What arrived in the sandbox, and what shall go wrong next. Only there in sandbox mode. */
@Controller('v1/sandbox')
export class SandboxController {
  constructor(
    @Inject(SandboxStore) private readonly arrivals: SandboxStore,
    @Inject(FaultsStore) private readonly faults: FaultsStore,
  ) {}

  @Get('messages')
  @Route({
    scope: 'read',
    summary: 'What arrived, raw, newest first',
    query: MessagesQuery,
    answers: { 200: { description: 'What arrived', schema: MessagesAnswer } },
  })
  async messages(@Query() query: MessagesQuery) {
    const { items, hasMore } = await this.arrivals.list(toArrivalQuery(query));
    return { items: items.map(toMessage), has_more: hasMore };
  }

  @Delete('messages')
  @HttpCode(204)
  @Route({
    scope: 'admin',
    summary: 'Forget what arrived',
    query: ChannelQuery,
    answers: { 204: { description: 'Forgotten' } },
  })
  async clearMessages(@Query() query: ChannelQuery): Promise<void> {
    await this.arrivals.clear(query.channel);
  }

  @Get('faults')
  @Route({
    scope: 'read',
    summary: 'The faults still to come',
    answers: { 200: { description: 'In the order they are taken', schema: FaultsAnswer } },
  })
  async listFaults() {
    return { items: (await this.faults.list()).map(toFault) };
  }

  @Post('faults')
  @HttpCode(201)
  @Route({
    scope: 'admin',
    summary: 'Make the next deliveries of a channel fail',
    body: FaultRequest,
    answers: { 201: { description: 'Ordered', schema: FaultAnswer } },
  })
  async orderFault(@Body() { channel, fault, times }: FaultRequest) {
    return toFault(await this.faults.order(channel, fault, times));
  }

  @Delete('faults')
  @HttpCode(204)
  @Route({
    scope: 'admin',
    summary: 'Let deliveries through again',
    query: ChannelQuery,
    answers: { 204: { description: 'Cleared' } },
  })
  async clearFaults(@Query() query: ChannelQuery): Promise<void> {
    await this.faults.clear(query.channel);
  }
}
