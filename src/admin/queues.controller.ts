import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { Type } from 'typebox';

import { Pauses } from '../gates/pauses.service.js';
import { Reason } from '../overview/hold.schema.js';
import { QueueView, toQueueView } from '../overview/queue.view.js';
import { StandingReader } from '../overview/standing.reader.js';
import { Problem } from '../platform/http/problem.js';
import { type CallerRequest, Route } from '../platform/http/route.js';
import type { QueueRef } from '../queues/queue-names.js';
import { Queues } from '../queues/queues.js';

/** The queues as operators see them: one for each provider and lane. */
@Controller('v1/admin/queues')
export class QueuesController {
  constructor(
    @Inject(Queues) private readonly queues: Queues,
    @Inject(StandingReader) private readonly standing: StandingReader,
    @Inject(Pauses) private readonly pauses: Pauses,
  ) {}

  @Get()
  @Route({
    scope: 'admin',
    summary: 'The queues: what waits, what is under way, how fast it goes',
    answers: {
      200: {
        description: 'One for each provider and lane',
        schema: Type.Object({ items: Type.Array(QueueView) }),
      },
    },
  })
  async list(): Promise<{ items: QueueView[] }> {
    const standing = await this.standing.read();
    return { items: this.queues.refs.map((ref) => toQueueView(ref, standing)) };
  }

  @Post(':name/pause')
  @HttpCode(200)
  @Route({
    scope: 'admin',
    summary: 'Publish nothing more to a queue until it is resumed',
    body: Reason,
    answers: { 200: { description: 'It is paused; what was published goes out', schema: QueueView } },
    problems: ['not_found'],
  })
  async pause(
    @Param('name') name: string,
    @Body() body: Reason | undefined,
    @Req() request: CallerRequest,
  ): Promise<QueueView> {
    const ref = this.queue(name);
    await this.pauses.pause({ kind: 'queue', name }, body?.reason, request.caller!.keyId);
    return toQueueView(ref, await this.standing.read());
  }

  @Post(':name/resume')
  @HttpCode(200)
  @Route({
    scope: 'admin',
    summary: 'End a pause of a queue; holds of its provider stay',
    body: Reason,
    answers: { 200: { description: 'It is not paused', schema: QueueView } },
    problems: ['not_found'],
  })
  async resume(
    @Param('name') name: string,
    @Body() body: Reason | undefined,
    @Req() request: CallerRequest,
  ): Promise<QueueView> {
    const ref = this.queue(name);
    await this.pauses.resume({ kind: 'queue', name }, body?.reason, request.caller!.keyId);
    return toQueueView(ref, await this.standing.read());
  }

  private queue(name: string): QueueRef {
    const ref = this.queues.refs.find((one) => one.name === name);
    if (!ref) throw new Problem('not_found', 'There is no queue with this name.');
    return ref;
  }
}
