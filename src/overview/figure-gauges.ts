import type { Gauge } from 'prom-client';

import type { Gauges } from '../platform/metrics/gauges.js';
import type { Figures } from './figures.js';

interface Row {
  labels: Record<string, string>;
  value: number;
}

interface Shown {
  gauge: Gauge;
  rows: (figures: Figures) => Row[];
}

const row = (value: number, labels: Record<string, string>): Row => ({ value, labels });

/** The metrics that come out of PostgreSQL. Every process shows the same: take their maximum, never their sum. */
export const figureGauges = (gauges: Gauges): Shown[] => [
  {
    gauge: gauges.gauge(
      'posthaste_outbox_due',
      'Due, and no hint is out: the backlog; at most 50,000 a lane',
      ['channel', 'lane'],
    ),
    rows: ({ lanes }) => lanes.map(({ channel, lane, due }) => row(due, { channel, lane })),
  },
  {
    gauge: gauges.gauge(
      'posthaste_outbox_oldest_due_seconds',
      'How long the oldest of the backlog has been due; 0: there is none',
      ['channel', 'lane'],
    ),
    rows: ({ lanes }) => lanes.map(({ channel, lane, oldestS }) => row(oldestS, { channel, lane })),
  },
  {
    gauge: gauges.gauge('posthaste_queue_hints', 'Hints that are out and not yet claimed', ['queue']),
    rows: ({ queues }) => queues.map(({ queue, hints }) => row(hints, { queue })),
  },
  {
    gauge: gauges.gauge(
      'posthaste_queue_oldest_hint_seconds',
      'How long the oldest of those hints has been out',
      ['queue'],
    ),
    rows: ({ queues }) => queues.map(({ queue, oldestS }) => row(oldestS, { queue })),
  },
  {
    gauge: gauges.gauge('posthaste_dead_letters', 'Dead letters there are; at most 50,000', [
      'channel',
      'provider',
      'class',
    ]),
    rows: ({ causes }) =>
      causes
        .filter(({ status }) => status === 'dead')
        .map((one) => row(one.count, { channel: one.channel, provider: one.provider, class: one.class })),
  },
  {
    gauge: gauges.gauge('posthaste_in_doubt', 'Notifications in doubt: they wait for an answer or a person', [
      'channel',
      'provider',
    ]),
    rows: ({ causes }) => doubts(causes).map((one) => row(one.count, labelsOf(one))),
  },
  {
    gauge: gauges.gauge(
      'posthaste_in_doubt_oldest_seconds',
      'How long the oldest of them has been in doubt',
      ['channel', 'provider'],
    ),
    rows: ({ causes }) => doubts(causes).map((one) => row(one.oldestS, labelsOf(one))),
  },
  {
    gauge: gauges.gauge('posthaste_provider_held', '1 while a provider is held, by what holds it', [
      'provider',
      'held_by',
    ]),
    rows: ({ providersHeld }) =>
      providersHeld.map(({ provider, heldBy }) => row(1, { provider, held_by: heldBy })),
  },
  {
    gauge: gauges.gauge('posthaste_gates_held', 'Gates that are held, by kind and by what holds them', [
      'kind',
      'held_by',
    ]),
    rows: ({ gatesHeld }) =>
      gatesHeld.map(({ kind, heldBy, count }) => row(count, { kind, held_by: heldBy })),
  },
  {
    gauge: gauges.gauge('posthaste_breakers', 'Processes by what their breaker of a provider last said', [
      'provider',
      'state',
    ]),
    rows: ({ breakers }) => breakers.map(({ provider, state, count }) => row(count, { provider, state })),
  },
  {
    gauge: gauges.gauge('posthaste_alerts_open', 'Alerts that are open', ['kind', 'severity']),
    rows: ({ alerts }) => alerts.map(({ kind, severity, count }) => row(count, { kind, severity })),
  },
  {
    gauge: gauges.gauge('posthaste_processes', 'Processes with a sign of life within 20 s', ['role']),
    rows: ({ processes }) => processes.map(({ role, count }) => row(count, { role })),
  },
];

type CauseFigures = Figures['causes'][number];

/** Of one provider there is one class of doubt: nobody knows. */
const doubts = (causes: readonly CauseFigures[]): CauseFigures[] =>
  causes.filter(({ status }) => status === 'in_doubt');
const labelsOf = ({ channel, provider }: CauseFigures): Record<string, string> => ({ channel, provider });
