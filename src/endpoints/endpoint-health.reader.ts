import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';

import type { Hold } from '../domain/gate.js';
import { toPublicId } from '../domain/public-id.js';
import { GatesStore } from '../gates/gates.store.js';
import { WorkPool } from '../platform/database/pools.js';
import { endpointIdOf, noEndpoint } from './endpoint-id.js';
import { EndpointEntity } from './endpoint.entity.js';
import type { EndpointHealth } from './endpoint.schema.js';
import { readPulse } from './sql/read-health.js';

/** How an endpoint is: what its owner needs to know before asking why nothing arrives. */
@Injectable()
export class EndpointHealthReader {
  constructor(
    @InjectRepository(EndpointEntity) private readonly repository: Repository<EndpointEntity>,
    @Inject(GatesStore) private readonly gates: GatesStore,
    @Inject(WorkPool) private readonly pool: WorkPool,
  ) {}

  /** Throws Problem `not_found`. */
  async read(publicId: string): Promise<EndpointHealth> {
    const id = endpointIdOf(publicId);
    const [entity, gates, pulse] = await Promise.all([
      this.repository.findOneBy({ id }),
      this.gates.held(),
      readPulse(this.pool, id),
    ]);
    if (!entity) throw noEndpoint();
    const hold = gates.of('endpoint', id);
    return {
      id: toPublicId('endpoint', id),
      state: stateOf(entity, hold),
      failing_since: entity.failingSince?.toISOString() ?? null,
      disabled_at: entity.disabledAt?.toISOString() ?? null,
      disabled_reason: entity.disabledReason,
      held_by: hold?.heldBy ?? null,
      held_until: hold?.until?.toISOString() ?? null,
      recent: {
        attempts: pulse.attempts,
        succeeded: pulse.succeeded,
        success_rate: pulse.attempts === 0 ? null : pulse.succeeded / pulse.attempts,
      },
      waiting: pulse.waiting,
      oldest_waiting_at: pulse.oldestWaitingAt?.toISOString() ?? null,
    };
  }
}

function stateOf({ enabled, failingSince }: EndpointEntity, hold: Hold | undefined): EndpointHealth['state'] {
  if (!enabled) return 'disabled';
  if (hold) return 'held';
  return failingSince === null ? 'healthy' : 'failing';
}
