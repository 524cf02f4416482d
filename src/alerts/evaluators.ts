import type { Pool } from 'pg';

import type { ChannelRegistry } from '../channels/channel.registry.js';
import type { GatesStore } from '../gates/gates.store.js';
import type { AlertsConfig } from '../platform/config/alerts-section.js';
import type { Queues } from '../queues/queues.js';
import { BacklogEvaluator } from './evaluators/backlog.evaluator.js';
import { DeadLettersEvaluator } from './evaluators/dead-letters.evaluator.js';
import { DurabilityEvaluator } from './evaluators/durability.evaluator.js';
import { EndpointsEvaluator } from './evaluators/endpoints.evaluator.js';
import { GatesEvaluator } from './evaluators/gates.evaluator.js';
import { GrowthEvaluator } from './evaluators/growth.evaluator.js';
import { InDoubtEvaluator } from './evaluators/in-doubt.evaluator.js';
import { ProcessesEvaluator } from './evaluators/processes.evaluator.js';
import { QueueBackendEvaluator } from './evaluators/queue-backend.evaluator.js';
import { RetentionEvaluator } from './evaluators/retention.evaluator.js';
import { UpkeepEvaluator } from './evaluators/upkeep.evaluator.js';
import type { Evaluator } from './signal.js';

/** What evaluators look at. */
export interface Sights {
  pool: Pool;
  gates: GatesStore;
  channels: ChannelRegistry;
  queues: Queues;
  alerts: AlertsConfig;
}

/** All that is looked at in a turn. A new evaluator is a file and a line. */
export const createEvaluators = ({ pool, gates, channels, queues, alerts }: Sights): Evaluator[] => [
  new DeadLettersEvaluator(pool, alerts.windowMs),
  new InDoubtEvaluator(pool, alerts.inDoubtAgeMs),
  new BacklogEvaluator(pool, gates, channels, alerts.queueAgeMs),
  new GrowthEvaluator(pool),
  new GatesEvaluator(pool, channels),
  new EndpointsEvaluator(pool),
  new ProcessesEvaluator(pool),
  new QueueBackendEvaluator(queues),
  new DurabilityEvaluator(pool),
  new UpkeepEvaluator(pool),
  new RetentionEvaluator(pool),
];
