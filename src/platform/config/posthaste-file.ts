import { Ajv, type ErrorObject } from 'ajv';
import { type Static, Type } from 'typebox';
import { parse } from 'yaml';

import {
  CHANNELS,
  type ChannelName,
  IN_DOUBT_POLICIES,
  type InDoubtPolicy,
  type InDoubtRule,
  type Lane,
} from '../../domain/channel.js';
import type { RetryBudget } from '../../domain/retry-budget.js';
import { DEFAULT_IN_DOUBT, DEFAULT_RETRY, type RetryPolicy } from '../../domain/retry-policy.js';
import { type AlertsConfig, AlertsSection, readAlerts } from './alerts-section.js';
import { didYouMean } from './did-you-mean.js';
import { type QuietHoursConfig, QuietHoursSection, readQuietHours } from './quiet-hours.js';
import { readRetention, type RetentionConfig, RetentionSection } from './retention-section.js';
import { DURATION_PATTERN, parseDurationMs, parseRatePerSecond, RATE_PATTERN } from './units.js';

/** `posthaste.yaml`: providers, types, lanes, limits. One schema; every fault is named with its path. */
const Duration = Type.String({
  pattern: DURATION_PATTERN,
  description: 'A duration: 500ms, 10s, 15m, 24h, 7d.',
});
const Rate = Type.String({ pattern: RATE_PATTERN, description: 'A rate: 14/s, 100/m.' });
const strict = { additionalProperties: false } as const;
const oneOf = <const T extends readonly string[]>(values: T) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values] });

const Breaker = Type.Object(
  {
    error_rate: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1 })),
    minimum: Type.Optional(Type.Integer({ minimum: 1 })),
    window: Type.Optional(Duration),
    reset: Type.Optional(Duration),
  },
  strict,
);

const Budget = Type.Object(
  {
    share: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
    minimum: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  },
  strict,
);

/** Whose way of reporting what became of a message a provider follows. */
export const CALLBACK_KINDS = ['twilio', 'ses', 'sendgrid', 'generic'] as const;
const Callbacks = Type.Object(
  {
    kind: oneOf(CALLBACK_KINDS),
    secret: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    public_key: Type.Optional(Type.String({ minLength: 1, maxLength: 2_048 })),
    topic_arn: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
  },
  strict,
);
export type CallbacksConfig = Static<typeof Callbacks>;

/** What every provider has; the rest is its kind's own, checked by that kind. */
const CommonProvider = Type.Object({
  name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
  channel: oneOf(CHANNELS),
  kind: Type.String(),
  priority: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  weight: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  rate: Type.Optional(Rate),
  timeout: Type.Optional(Duration),
  per_endpoint_concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  breaker: Type.Optional(Breaker),
  retry_budget: Type.Optional(Budget),
  callbacks: Type.Optional(Callbacks),
});

const Retry = Type.Object(
  {
    retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 50 })),
    base: Type.Optional(Duration),
    factor: Type.Optional(Type.Number({ minimum: 1, maximum: 10 })),
    cap: Type.Optional(Duration),
    jitter: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    slow: Type.Optional(Type.Array(Duration, { maxItems: 50 })),
    deadline: Type.Optional(Duration),
    in_doubt_delay: Type.Optional(Duration),
    ask_after: Type.Optional(Type.Array(Duration, { maxItems: 10 })),
  },
  strict,
);

const NotificationType = Type.Object(
  {
    description: Type.Optional(Type.String({ maxLength: 1_000 })),
    schema: Type.Optional(
      Type.Union([Type.String({ minLength: 1 }), Type.Record(Type.String(), Type.Unknown())]),
    ),
    channel: Type.Optional(oneOf(CHANNELS)),
    template: Type.Optional(Type.String()),
    expires_in: Type.Optional(Duration),
    on_in_doubt: Type.Optional(oneOf(IN_DOUBT_POLICIES)),
    retry: Type.Optional(Retry),
    quiet_hours: Type.Optional(QuietHoursSection),
  },
  strict,
);

const LaneSettings = Type.Object({ concurrency: Type.Optional(Type.Integer({ minimum: 1 })) }, strict);

/** A section whose part of the service is not there yet: checked, so that a file written for it is right, and unused. */
const Limits = Type.Object(
  {
    max_waiting: Type.Optional(
      Type.Object(
        {
          transactional: Type.Optional(Type.Integer({ minimum: 1 })),
          bulk: Type.Optional(Type.Integer({ minimum: 1 })),
        },
        strict,
      ),
    ),
  },
  strict,
);

const PosthasteFile = Type.Object(
  {
    limits: Type.Optional(Limits),
    alerts: Type.Optional(AlertsSection),
    retention: Type.Optional(RetentionSection),
    providers: Type.Optional(Type.Array(CommonProvider)),
    types: Type.Optional(
      Type.Record(Type.String({ pattern: '^[a-z0-9_]+(\\.[a-z0-9_-]+)*$' }), NotificationType, strict),
    ),
    retry: Type.Optional(
      Type.Object(
        { email: Type.Optional(Retry), sms: Type.Optional(Retry), webhook: Type.Optional(Retry) },
        strict,
      ),
    ),
    lanes: Type.Optional(
      Type.Object({ transactional: Type.Optional(LaneSettings), bulk: Type.Optional(LaneSettings) }, strict),
    ),
  },
  strict,
);

export interface ProviderConfig {
  name: string;
  channel: ChannelName;
  kind: string;
  /** 1 is asked first. */
  priority: number;
  weight: number;
  /** Calls in flight per worker process. */
  concurrency: number;
  /** Calls per second over all processes; undefined: as fast as it takes them. */
  ratePerSecond: number | undefined;
  timeoutMs: number;
  perEndpointConcurrency: number;
  breaker: { errorRate: number; minimum: number; windowMs: number; resetMs: number };
  retryBudget: RetryBudget;
  /** The kind's own fields, as written. */
  options: Record<string, unknown>;
  /** As written; see `callbacksOf`. */
  callbacks?: CallbacksConfig;
  /** Where it reaches `POST /v1/callbacks/{name}`; left out while nobody outside can. */
  callbackUrl?: string;
}

export interface TypeConfig {
  description?: string | undefined;
  /** JSON Schema of its data, or a file that holds one, in `_schemas/` of the templates' folder. */
  schema?: string | Readonly<Record<string, unknown>> | undefined;
  channel: ChannelName | undefined;
  template: string | undefined;
  expiresInMs: number | undefined;
  onInDoubt: InDoubtPolicy | undefined;
  retry: Partial<RetryPolicy>;
  quietHours: QuietHoursConfig | undefined;
}

export interface FileConfig {
  providers: readonly ProviderConfig[];
  types: ReadonlyMap<string, TypeConfig>;
  retry: Record<ChannelName, RetryPolicy>;
  lanes: Record<Lane, { concurrency: number | undefined }>;
  alerts: AlertsConfig;
  retention: RetentionConfig;
}

/** The slowest honest answer of each kind of provider: a webhook 15 s, Twilio 20 s, SMTP 30 s before the body. */
export const DEFAULT_TIMEOUT_MS: Record<ChannelName, number> = {
  webhook: 15_000,
  sms: 20_000,
  email: 30_000,
};
const DEFAULT_CONCURRENCY: Record<ChannelName, number> = { webhook: 200, sms: 50, email: 20 };
const DEFAULT_BREAKER = { errorRate: 0.5, minimum: 10, resetMs: 30_000 } as const;
/** A retry for five first sends: a provider that refuses everything is called a fifth more often, not six times. */
const DEFAULT_RETRY_BUDGET: RetryBudget = { share: 0.2, minimum: 10 };

const validate = new Ajv({ allErrors: true, verbose: true, strict: false }).compile(PosthasteFile);

/** Parses the file's text, `${NAME}` filled in from the environment. Faults name the path and what is wanted. */
export function parsePosthasteFile(
  text: string,
  env: NodeJS.ProcessEnv,
): { file: FileConfig; faults: string[] } {
  const faults: string[] = [];
  const raw = readYaml(text, faults);
  const filled = fillIn(raw ?? {}, env, '', faults);
  if (!validate(filled)) faults.push(...(validate.errors ?? []).map(describeFault));
  return faults.length > 0 ? { file: emptyFile(), faults } : toConfig(filled as Static<typeof PosthasteFile>);
}

export const emptyFile = (): FileConfig => toConfig({}).file;

function readYaml(text: string, faults: string[]): unknown {
  try {
    return parse(text) as unknown;
  } catch (error) {
    faults.push(`is not YAML: ${(error as Error).message.split('\n')[0]}`);
    return undefined;
  }
}

const NAME = /\$\{([A-Z0-9_]+)\}/g;

/** The names that a file asks the environment for. */
export const namesIn = (text: string): string[] => [
  ...new Set([...text.matchAll(NAME)].map(([, name]) => name!)),
];

/** Replaces `${NAME}` in every string; a name that is not set is a fault, never an empty secret. */
function fillIn(value: unknown, env: NodeJS.ProcessEnv, path: string, faults: string[]): unknown {
  if (typeof value === 'string') {
    return value.replace(NAME, (_, name: string) => {
      if (env[name] === undefined) faults.push(`${path || '/'}: \${${name}} is not set in the environment`);
      return env[name] ?? '';
    });
  }
  if (Array.isArray(value)) return value.map((item, i) => fillIn(item, env, `${path}/${i}`, faults));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, fillIn(item, env, `${path}/${key}`, faults)]),
    );
  }
  return value;
}

function describeFault(error: ErrorObject): string {
  const path = error.instancePath || '/';
  if (error.keyword !== 'additionalProperties') return `${path} ${error.message ?? 'is wrong'}`;
  const { additionalProperty: unknown } = error.params as { additionalProperty: string };
  const known = Object.keys(
    (error.parentSchema as { properties?: object } | undefined)?.properties ?? KNOWN_AT(path),
  );
  const near = didYouMean(unknown, known);
  return `${path} has an unknown field ${unknown}${near ? `: did you mean ${near}?` : ''}`;
}

const KNOWN_AT = (path: string): object =>
  path === '/'
    ? PosthasteFile.properties
    : /^\/types\/[^/]+$/.test(path)
      ? NotificationType.properties
      : Retry.properties;

function toConfig(raw: Static<typeof PosthasteFile>): { file: FileConfig; faults: string[] } {
  const providers = (raw.providers ?? []).map(toProvider);
  const names = providers.map((provider) => provider.name);
  const faults = names
    .filter((name, i) => names.indexOf(name) !== i)
    .map((name) => `/providers has two providers named ${name}`);
  const types = new Map(
    Object.entries(raw.types ?? {}).map(([name, type]) => [name, toType(type, `/types/${name}`, faults)]),
  );
  const retry = Object.fromEntries(
    CHANNELS.map((channel) => [channel, { ...DEFAULT_RETRY[channel], ...toRetry(raw.retry?.[channel]) }]),
  ) as Record<ChannelName, RetryPolicy>;
  const lanes = {
    transactional: { concurrency: raw.lanes?.transactional?.concurrency },
    bulk: { concurrency: raw.lanes?.bulk?.concurrency },
  };
  const { alerts, faults: alertFaults } = readAlerts(raw.alerts);
  const { retention, faults: retentionFaults } = readRetention(raw.retention);
  return {
    file: { providers, types, retry, lanes, alerts, retention },
    faults: [...faults, ...alertFaults, ...retentionFaults],
  };
}

/** A provider as the file writes it, with its defaults filled in. */
export function toProvider(raw: Static<typeof CommonProvider>): ProviderConfig {
  const {
    name,
    channel,
    kind,
    priority,
    weight,
    concurrency,
    rate,
    timeout,
    per_endpoint_concurrency,
    breaker,
    retry_budget,
    callbacks,
    ...options
  } = raw;
  const timeoutMs = timeout === undefined ? DEFAULT_TIMEOUT_MS[channel] : parseDurationMs(timeout)!;
  return {
    name,
    channel,
    kind,
    priority: priority ?? 1,
    weight: weight ?? 1,
    concurrency: concurrency ?? DEFAULT_CONCURRENCY[channel],
    ratePerSecond: rate === undefined ? undefined : parseRatePerSecond(rate),
    timeoutMs,
    perEndpointConcurrency: per_endpoint_concurrency ?? 5,
    breaker: {
      errorRate: breaker?.error_rate ?? DEFAULT_BREAKER.errorRate,
      minimum: breaker?.minimum ?? DEFAULT_BREAKER.minimum,
      // A window shorter than the calls it judges forgets them before they end.
      windowMs:
        breaker?.window === undefined ? Math.max(60_000, 4 * timeoutMs) : parseDurationMs(breaker.window)!,
      resetMs: breaker?.reset === undefined ? DEFAULT_BREAKER.resetMs : parseDurationMs(breaker.reset)!,
    },
    retryBudget: { ...DEFAULT_RETRY_BUDGET, ...retry_budget },
    options,
    ...(callbacks === undefined ? {} : { callbacks }),
  };
}

/** How a provider reports; undefined: not at all. Twilio asks for nothing but our address, so it reports unasked. */
export function callbacksOf(provider: ProviderConfig): CallbacksConfig | undefined {
  if (provider.callbacks) return provider.callbacks;
  return provider.kind === 'twilio' && provider.callbackUrl !== undefined ? { kind: 'twilio' } : undefined;
}

function toType(raw: Static<typeof NotificationType>, path: string, faults: string[]): TypeConfig {
  return {
    description: raw.description,
    schema: raw.schema,
    channel: raw.channel,
    template: raw.template,
    expiresInMs: raw.expires_in === undefined ? undefined : parseDurationMs(raw.expires_in),
    onInDoubt: raw.on_in_doubt,
    retry: toRetry(raw.retry),
    quietHours: readQuietHours(raw.quiet_hours, `${path}/quiet_hours`, faults),
  };
}

function toRetry(raw: Static<typeof Retry> | undefined): Partial<RetryPolicy> {
  if (!raw) return {};
  const duration = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : parseDurationMs(text);
  const policy = {
    retries: raw.retries,
    baseMs: duration(raw.base),
    factor: raw.factor,
    capMs: duration(raw.cap),
    jitter: raw.jitter,
    slowMs: raw.slow?.map((step) => parseDurationMs(step)!),
    deadlineMs: duration(raw.deadline),
    inDoubtDelayMs: duration(raw.in_doubt_delay),
    askAfterMs: raw.ask_after?.map((step) => parseDurationMs(step)!),
  };
  return Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
}

/** The policy of one notification: the type's own words over its channel's. */
export function retryPolicyOf(file: FileConfig, type: string, channel: ChannelName): RetryPolicy {
  return { ...file.retry[channel], ...file.types.get(type)?.retry };
}

/** What to do when nobody knows: the caller's word, else the type's, else the channel's. */
export function inDoubtPolicyOf(
  file: FileConfig,
  type: string,
  channel: ChannelName,
  asked: InDoubtPolicy | undefined,
): InDoubtRule {
  return asked ?? file.types.get(type)?.onInDoubt ?? DEFAULT_IN_DOUBT[channel];
}
