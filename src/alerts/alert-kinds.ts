export type Severity = 'warning' | 'critical';

interface KindRules {
  severity: Severity;
  /** How long it must last before it is told: what passes by itself wakes nobody. Milliseconds. */
  lastsMs: number;
  /** Told again each time its count has one more digit: 10, 100, 1000. */
  isCounted: boolean;
}

const at = (severity: Severity, lastsMs = 0, isCounted = false): KindRules => ({
  severity,
  lastsMs,
  isCounted,
});

/** Everything this service warns of. docs/operations.md has an entry for each, under test. */
export const ALERT_KINDS = {
  dead_letters: at('warning', 0, true),
  in_doubt_parked: at('warning', 0, true),
  queue_age: at('warning', 5_000),
  queue_growth: at('warning'),
  outbox_not_draining: at('critical', 5_000),
  breaker_open: at('warning'),
  channel_down: at('critical'),
  configuration_refused: at('critical'),
  endpoint_disabled: at('warning', 0, true),
  relay_silent: at('critical', 5_000),
  worker_silent: at('critical', 5_000),
  upkeep_silent: at('critical', 60_000),
  retention_behind: at('warning'),
  clock_skew: at('warning'),
  queue_unavailable: at('critical', 10_000),
  queue_unwritable: at('critical'),
  redis_misconfigured: at('warning'),
  postgres_not_durable: at('critical'),
  postgres_unavailable: at('critical'),
} as const satisfies Record<string, KindRules>;

export type AlertKind = keyof typeof ALERT_KINDS;

export const rulesOf = (kind: AlertKind): KindRules => ALERT_KINDS[kind];
