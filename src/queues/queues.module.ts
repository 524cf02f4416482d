import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { type DynamicModule, Inject, Module } from '@nestjs/common';
import type { Queue } from 'bullmq';

import { Log } from '../platform/logging/log.js';
import { occasionally, type QueueConnections } from './queue-connections.js';
import type { QueueRef } from './queue-names.js';
import { Queues } from './queues.js';

/** The queues of all providers and lanes, whatever holds them. */
@Module({})
export class QueuesModule {
  static register(refs: readonly QueueRef[], connections: QueueConnections): DynamicModule {
    const tokens = refs.map((ref) => getQueueToken(ref.bullName));
    const bull = BullModule.registerQueue(
      ...refs.map((ref) => ({ name: ref.bullName, connection: connections.producer as never })),
    );
    return {
      module: QueuesModule,
      global: true,
      imports: [bull],
      providers: [
        {
          provide: Queues,
          inject: [Log, ...tokens],
          useFactory: (log: Log, ...queues: Queue[]) => {
            const complain = occasionally(log);
            queues.forEach((queue) => queue.on('error', complain));
            return new Queues(refs, new Map(refs.map((ref, i) => [ref.name, queues[i]!])), connections);
          },
        },
      ],
      exports: [Queues, bull],
    };
  }

  constructor(@Inject(Queues) readonly queues: Queues) {}
}
