import { CHANNELS, type ChannelName } from '../domain/channel.js';
import type { RetryPolicy } from '../domain/retry-policy.js';
import type { Config } from '../platform/config/config.js';
import type { Environment } from '../platform/config/environment.js';
import { inDoubtPolicyOf, type ProviderConfig, retryPolicyOf } from '../platform/config/posthaste-file.js';

/** A configuration as a person reads it, one line each. Promises: no secret, no user name, no option's value. */
export function describeConfig(config: Config, providers: readonly ProviderConfig[]): string[] {
  return [
    'The configuration is well.',
    '',
    ...section('Process', describeEnvironment(config.environment)),
    ...section(
      config.isSandbox ? 'Providers (sandbox: nothing leaves this machine)' : 'Providers',
      providers.map(describeProvider),
    ),
    ...section(
      'Retries',
      CHANNELS.map((name) => [name, describeRetry(config.file.retry[name])]),
    ),
    ...section('Types', describeTypes(config)),
  ];
}

type Row = [name: string, value: string];

function section(title: string, rows: readonly Row[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.length === 0
    ? []
    : [title, ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`), ''];
}

function describeEnvironment(environment: Environment): Row[] {
  const isSet = (value: unknown): string => (value === undefined ? 'not set' : 'set');
  return [
    ['roles', environment.roles.join(', ')],
    ['listens on', `${environment.host}:${environment.port}`],
    ['DATABASE_URL', placeOf(environment.databaseUrl) ?? 'not set (`npm start` brings its own)'],
    [
      'MIGRATE_DATABASE_URL',
      placeOf(environment.migrateDatabaseUrl) ?? 'not set (DATABASE_URL owns the tables)',
    ],
    ['REDIS_URL', placeOf(environment.redisUrl) ?? 'not set (queues live in PostgreSQL)'],
    ['ENCRYPTION_KEY', isSet(environment.encryptionKey)],
    ['ENCRYPTION_KEY_PREVIOUS', isSet(environment.encryptionKeyPrevious)],
    ['POSTHASTE_API_KEY', isSet(environment.apiKey)],
    ['METRICS_TOKEN', environment.metricsToken === undefined ? 'not set (/metrics is open)' : 'set'],
    ['traces', placeOf(environment.otlpEndpoint) ?? 'none (OTEL_EXPORTER_OTLP_ENDPOINT is not set)'],
    ['file', environment.configFile],
    ['templates', environment.templatesDir],
    ['private networks', environment.webhookAllowNetworks.join(', ') || 'none may be reached by webhooks'],
  ];
}

/** Host, port and path: what is left out may hold a password. */
function placeOf(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function describeProvider(provider: ProviderConfig): Row {
  const { name, channel, kind, priority, concurrency, timeoutMs, options } = provider;
  const own = Object.keys(options).join(', ');
  const words = `${channel} by ${kind}, priority ${priority}, ${concurrency} calls at once, ${duration(timeoutMs)} each`;
  return [name, own === '' ? words : `${words} (has ${own})`];
}

function describeTypes({ file }: Config): Row[] {
  return [...file.types].map(([name, type]) => {
    const by = type.channel ?? 'any channel';
    const expiry = type.expiresInMs === undefined ? '' : `, expires in ${duration(type.expiresInMs)}`;
    return [
      name,
      `${by}${expiry}${type.channel === undefined ? '' : `, ${describePolicies(file, name, type.channel)}`}`,
    ];
  });
}

function describePolicies(file: Config['file'], type: string, channel: ChannelName): string {
  const inDoubt = inDoubtPolicyOf(file, type, channel, undefined);
  return `in doubt: ${inDoubt === 'once' ? 'retry once, then park' : inDoubt}, ${describeRetry(retryPolicyOf(file, type, channel))}`;
}

function describeRetry(policy: RetryPolicy): string {
  const slow = policy.slowMs.length === 0 ? '' : `, slowly ${policy.slowMs.map(duration).join(' ')}`;
  return `${policy.retries} retries from ${duration(policy.baseMs)} × ${policy.factor}${slow}, given up after ${duration(policy.deadlineMs)}`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** In the largest unit that says it exactly. */
function duration(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms > 0 && ms % size === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}
