import { didYouMean } from './did-you-mean.js';
import { parseDurationMs } from './units.js';

/** One setting of the environment. `.env.example` and the README's table are generated from these. */
export interface Setting {
  key: string;
  kind:
    | 'port'
    | 'text'
    | 'url'
    | 'roles'
    | 'key32'
    | 'cidrs'
    | 'level'
    | 'flag'
    | 'secret'
    | 'apikey'
    | 'delay'
    | 'niceness';
  default?: string;
  sentence: string;
}

export const ROLES = ['api', 'relay', 'worker'] as const;
export type Role = (typeof ROLES)[number];

/** A key's id may be logged; its secret is at least 120 bits. */
export const API_KEY = /^ph_([A-Za-z0-9]{4,32})_([A-Za-z0-9_-]{20,128})$/;

/** The delay and the answers under way must end within the 25 s of a shutdown. */
const LONGEST_DELAY_MS = 15_000;

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

export const SETTINGS = [
  { key: 'PORT', kind: 'port', default: '3000', sentence: 'HTTP port of every process, whatever its roles.' },
  {
    key: 'HOST',
    kind: 'text',
    default: '127.0.0.1',
    sentence: 'Address to listen on; 0.0.0.0 inside a container.',
  },
  {
    key: 'DATABASE_URL',
    kind: 'url',
    sentence: 'PostgreSQL, the only truth. `npm start` brings its own when this is empty.',
  },
  {
    key: 'MIGRATE_DATABASE_URL',
    kind: 'url',
    sentence: "The same database as its tables' owner, for `npm run migrate` alone. Empty: DATABASE_URL.",
  },
  {
    key: 'REDIS_URL',
    kind: 'url',
    sentence: 'Redis for the queues. Empty: BullMQ keeps its queues in PostgreSQL.',
  },
  {
    key: 'ROLES',
    kind: 'roles',
    default: 'api,relay,worker',
    sentence: 'What this process does, separated by commas.',
  },
  {
    key: 'POSTHASTE_CONFIG',
    kind: 'text',
    default: 'posthaste.yaml',
    sentence: 'File with providers, types, lanes and limits.',
  },
  { key: 'POSTHASTE_API_KEY', kind: 'apikey', sentence: 'The first admin key, `ph_<keyid>_<secret>`.' },
  {
    key: 'ENCRYPTION_KEY',
    kind: 'key32',
    sentence: '32 bytes in base64: seals payloads and secrets at rest.',
  },
  {
    key: 'ENCRYPTION_KEY_PREVIOUS',
    kind: 'key32',
    sentence: 'The key before this one, while `npm run rewrap` seals anew what it has sealed.',
  },
  {
    key: 'PUBLIC_URL',
    kind: 'url',
    sentence: 'Where the outside reaches this service, for links and callbacks.',
  },
  { key: 'TEMPLATES_DIR', kind: 'text', default: 'templates', sentence: 'Folder with the templates.' },
  {
    key: 'WEBHOOK_ALLOW_NETWORKS',
    kind: 'cidrs',
    default: '',
    sentence: 'CIDRs that webhooks may reach though they are private; plain http is allowed there too.',
  },
  {
    key: 'LOG_LEVEL',
    kind: 'level',
    default: 'info',
    sentence: 'trace, debug, info, warn, error or silent.',
  },
  { key: 'METRICS_TOKEN', kind: 'secret', sentence: 'Bearer token for /metrics; open when empty.' },
  {
    key: 'DRAIN_DELAY',
    kind: 'delay',
    default: '5s',
    sentence:
      'How long an `api` that is told to end goes on taking requests, not ready, until load balancers have noticed; at most 15s.',
  },
  {
    key: 'NICENESS',
    kind: 'niceness',
    sentence:
      'How far this process lets others on its machine go first, 0 to 19. Empty: 10 without the role `api`, else 0.',
  },
  {
    key: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    kind: 'url',
    sentence: 'Base URL of an OpenTelemetry collector (OTLP over HTTP). Empty: no traces are made.',
  },
  {
    key: 'OTEL_SERVICE_NAME',
    kind: 'text',
    default: 'posthaste',
    sentence: 'What this service is called in traces.',
  },
  {
    key: 'SANDBOX',
    kind: 'flag',
    sentence:
      'true: catch everything here and send nothing out. Default: only when no provider is configured.',
  },
] as const satisfies readonly Setting[];

export type SettingKey = (typeof SETTINGS)[number]['key'];

export interface Environment {
  port: number;
  host: string;
  databaseUrl: string | undefined;
  migrateDatabaseUrl: string | undefined;
  redisUrl: string | undefined;
  roles: readonly Role[];
  configFile: string;
  apiKey: string | undefined;
  encryptionKey: Buffer | undefined;
  encryptionKeyPrevious: Buffer | undefined;
  publicUrl: string | undefined;
  templatesDir: string;
  webhookAllowNetworks: readonly string[];
  logLevel: string;
  metricsToken: string | undefined;
  drainDelayMs: number;
  niceness: number | undefined;
  otlpEndpoint: string | undefined;
  serviceName: string;
  sandbox: boolean | undefined;
}

/** Words that begin like a setting of ours, so that a misspelt one is not silently ignored. */
const OURS =
  /^(POSTHASTE|WEBHOOK|METRICS|TEMPLATES|SANDBOX|ENCRYPTION|DRAIN|NICE|ROLES?$|REDIS_UR|DATABASE_UR|MIGRATE_)/;

/** Reads and checks all settings; every fault at once. */
export function readEnvironment(env: NodeJS.ProcessEnv): { environment: Environment; faults: string[] } {
  const faults: string[] = [];
  const value = (key: SettingKey): string | undefined => {
    const setting: Setting = SETTINGS.find((one) => one.key === key)!;
    const raw = env[key]?.trim();
    const text = raw === undefined || raw === '' ? setting.default : raw;
    const fault = text === undefined ? undefined : faultOf(setting, text);
    if (fault) faults.push(`${key} ${fault}`);
    return fault ? setting.default : text;
  };
  faults.push(...unknownKeys(env));
  const sandbox = value('SANDBOX');
  const niceness = value('NICENESS');
  const environment: Environment = {
    port: Number(value('PORT')),
    host: value('HOST')!,
    databaseUrl: value('DATABASE_URL'),
    migrateDatabaseUrl: value('MIGRATE_DATABASE_URL'),
    redisUrl: value('REDIS_URL'),
    roles: list(value('ROLES')!) as Role[],
    configFile: value('POSTHASTE_CONFIG')!,
    apiKey: value('POSTHASTE_API_KEY'),
    encryptionKey: bytesOf(value('ENCRYPTION_KEY')),
    encryptionKeyPrevious: bytesOf(value('ENCRYPTION_KEY_PREVIOUS')),
    publicUrl: value('PUBLIC_URL'),
    templatesDir: value('TEMPLATES_DIR')!,
    webhookAllowNetworks: list(value('WEBHOOK_ALLOW_NETWORKS')!),
    logLevel: value('LOG_LEVEL')!,
    metricsToken: value('METRICS_TOKEN'),
    drainDelayMs: parseDurationMs(value('DRAIN_DELAY')!)!,
    niceness: niceness === undefined ? undefined : Number(niceness),
    otlpEndpoint: value('OTEL_EXPORTER_OTLP_ENDPOINT'),
    serviceName: value('OTEL_SERVICE_NAME')!,
    sandbox: sandbox === undefined ? undefined : sandbox === 'true',
  };
  return { environment, faults };
}

function unknownKeys(env: NodeJS.ProcessEnv): string[] {
  const known = SETTINGS.flatMap(({ key }) => [key as string, `${key}_FILE`]);
  return Object.keys(env)
    .filter((key) => OURS.test(key) && !known.includes(key))
    .flatMap((key) => {
      const near = didYouMean(key, known);
      return near ? [`${key} is not a setting: did you mean ${near}?`] : [];
    });
}

const bytesOf = (base64: string | undefined): Buffer | undefined =>
  base64 === undefined ? undefined : Buffer.from(base64, 'base64');

const list = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

function faultOf(setting: Setting, text: string): string | undefined {
  switch (setting.kind) {
    case 'port':
      return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? undefined : 'must be a port, 0 to 65535';
    case 'url':
      return URL.canParse(text) ? undefined : 'must be a URL';
    case 'roles':
      return list(text).length > 0 && list(text).every((role) => (ROLES as readonly string[]).includes(role))
        ? undefined
        : `must be one or more of ${ROLES.join(', ')}`;
    case 'key32':
      return Buffer.from(text, 'base64').length === 32 ? undefined : 'must be 32 bytes in base64';
    case 'cidrs':
      return list(text).every((cidr) => /^[0-9a-fA-F.:]+\/\d{1,3}$/.test(cidr))
        ? undefined
        : 'must be CIDRs, as 10.0.0.0/8';
    case 'level':
      return LEVELS.includes(text) ? undefined : `must be one of ${LEVELS.join(', ')}`;
    case 'flag':
      return text === 'true' || text === 'false' ? undefined : 'must be true or false';
    case 'delay':
      return (parseDurationMs(text) ?? Infinity) <= LONGEST_DELAY_MS
        ? undefined
        : 'must be a duration up to 15s, as 500ms or 5s';
    case 'niceness':
      return /^1?\d$/.test(text) ? undefined : 'must be a whole number, 0 to 19';
    case 'apikey':
      return API_KEY.test(text)
        ? undefined
        : 'must look like ph_<keyid>_<secret>: letters and digits, then at least 20 characters';
    case 'text':
    case 'secret':
      return undefined;
  }
}
