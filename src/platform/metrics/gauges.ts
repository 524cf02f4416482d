import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import { VERSION } from '../version.js';

/** Durations from 1 ms to two minutes, in seconds. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
/** From accept to the provider: retries with patience take hours. */
const DELIVERY_SECONDS = [...SECONDS, 300, 900, 3600, 14_400, 86_400];
/** What callers of the door wait; it answers within 3 s, whatever happens. */
const DOOR_SECONDS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3];
const ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** Every metric of the service, in one place: bounded labels only, never a recipient, never an id. */
@Injectable()
export class Gauges {
  readonly registry = new Registry();

  readonly accepted = this.counter('posthaste_accepted_total', 'Requests by what became of them', ['result']);
  readonly events = this.counter('posthaste_events_total', 'Events posted, by what became of them', [
    'result',
  ]);
  readonly ownEvents = this.counter(
    'posthaste_own_events_total',
    "The service's own events, as they are spread",
    ['type'],
  );
  readonly ownEventEnds = this.counter(
    'posthaste_own_event_attempts_total',
    "What attempts to tell the service's own events led to: counted, because they make no events",
    ['type', 'status'],
  );
  readonly fanOutRows = this.histogram(
    'posthaste_fan_out_rows',
    'Notifications in one chunk of a fan-out',
    ROWS,
  );
  readonly attempts = this.counter('posthaste_attempts_total', 'Provider calls by outcome', [
    'channel',
    'provider',
    'outcome',
    'class',
  ]);
  readonly settled = this.counter('posthaste_settled_total', 'Verdicts by the status they led to', [
    'channel',
    'status',
  ]);
  readonly published = this.counter('posthaste_published_total', 'Hints published to queues', ['queue']);
  readonly staleHints = this.counter(
    'posthaste_stale_hints_total',
    'Hints that were no longer the right to send',
    ['queue'],
  );
  readonly upkeep = this.counter('posthaste_upkeep_total', 'What upkeep put right', ['service', 'what']);
  readonly retryBudget = this.gauge(
    'posthaste_retry_budget',
    'Retries that a provider may have in a minute, by its budget now',
    ['provider'],
  );
  readonly retryBudgetUsed = this.gauge(
    'posthaste_retry_budget_used',
    'Retries that a provider has had within the last minute',
    ['provider'],
  );
  readonly retryBudgetLeft = this.gauge(
    'posthaste_retry_budget_left',
    'Retries that a provider may still have this minute',
    ['provider'],
  );
  readonly rateTokens = this.gauge(
    'posthaste_rate_tokens',
    'Calls that its rate allows a provider at once; absent without a rate',
    ['provider'],
  );
  readonly rampRate = this.gauge(
    'posthaste_ramp_rate_per_second',
    'Calls a second while a provider recovers; 0 when it does not',
    ['provider'],
  );
  readonly receipts = this.counter(
    'posthaste_receipts_total',
    'Callbacks of providers by what they came to',
    ['provider', 'result'],
  );
  readonly receiptVerdicts = this.counter(
    'posthaste_receipt_verdicts_total',
    'What receipts said of addresses: hard_bounce, complaint, stop, unsubscribe, start',
    ['channel', 'verdict'],
  );
  readonly alerts = this.counter('posthaste_alerts_total', 'Alerts by what became of them', [
    'kind',
    'event',
  ]);
  readonly problems = this.counter('posthaste_problems_total', 'Requests refused at the door, by code', [
    'code',
  ]);
  readonly requestSeconds = this.histogram(
    'posthaste_http_request_duration_seconds',
    'Requests answered, by the route as it is declared',
    DOOR_SECONDS,
    ['method', 'route', 'status'],
  );
  readonly poolConnections = this.gauge(
    'posthaste_pg_pool_connections',
    'Connections to PostgreSQL of this process, by pool',
    ['pool', 'state'],
  );
  readonly poolWaiting = this.gauge(
    'posthaste_pg_pool_waiting',
    'Who waits in this process for a connection to PostgreSQL, by pool',
    ['pool'],
  );
  readonly relayPasses = this.counter(
    'posthaste_relay_passes_total',
    'Passes of this relay over what is due',
    ['result'],
  );
  readonly relayPassSeconds = this.histogram(
    'posthaste_relay_pass_duration_seconds',
    'How long a pass of this relay took',
    SECONDS,
  );
  readonly outboxWaitSeconds = this.histogram(
    'posthaste_outbox_wait_seconds',
    'From when one might go to when its hint went out',
    DELIVERY_SECONDS,
    ['channel', 'lane'],
  );
  readonly queueWaitSeconds = this.histogram(
    'posthaste_queue_wait_seconds',
    'From when a hint went out to its claim',
    SECONDS,
    ['channel', 'lane'],
  );
  readonly traceSpans = this.counter('posthaste_trace_spans_total', 'Spans by what became of them', [
    'result',
  ]);
  readonly alertCalls = this.counter('posthaste_alert_calls_total', 'Calls to the targets of alerts', [
    'target',
    'result',
  ]);
  readonly acceptGroupRows = this.histogram('posthaste_accept_group_rows', 'Rows in one accept commit', ROWS);
  readonly claimGroupRows = this.histogram('posthaste_claim_group_rows', 'Rows in one claim commit', ROWS);
  readonly outcomeGroupRows = this.histogram(
    'posthaste_outcome_group_rows',
    'Rows in one outcome commit',
    ROWS,
  );
  readonly attemptSeconds = this.histogram('posthaste_attempt_duration_seconds', 'Provider calls', SECONDS, [
    'channel',
    'provider',
  ]);
  readonly deliverySeconds = this.histogram(
    'posthaste_delivery_duration_seconds',
    'From accept to a provider that took it',
    DELIVERY_SECONDS,
    ['channel', 'lane'],
  );
  /** Read together, before the metrics are given out. */
  private readonly readings: (() => Promise<void>)[] = [];

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: 'posthaste_' });
    this.gauge('posthaste_build_info', 'The version that runs', ['version']).set({ version: VERSION }, 1);
  }

  /** `read` sets what is only known by asking. It must end in time by itself, and never throw. */
  beforeEach(read: () => Promise<void>): void {
    this.readings.push(read);
  }

  /** All metrics, in Prometheus' text format. */
  async text(): Promise<string> {
    await Promise.all(this.readings.map((read) => read()));
    return this.registry.metrics();
  }

  private counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  /** A gauge of a slice's own, beside those above. */
  gauge<L extends string>(name: string, help: string, labelNames: L[]): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  private histogram<L extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: L[] = [],
  ): Histogram<L> {
    return new Histogram({ name, help, buckets, labelNames, registers: [this.registry] });
  }
}
