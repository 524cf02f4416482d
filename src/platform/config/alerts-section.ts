import { type Static, Type } from 'typebox';

import { DURATION_PATTERN, parseDurationMs } from './units.js';

/** The section `alerts` of `posthaste.yaml`: who is told, and when something is worth telling. */
const strict = { additionalProperties: false } as const;
const Duration = Type.String({ pattern: DURATION_PATTERN, description: 'A duration: 10s, 15m, 24h.' });

const AlertTarget = Type.Object(
  {
    name: Type.Optional(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' })),
    kind: Type.Unsafe<'webhook' | 'slack' | 'email'>({ type: 'string', enum: ['webhook', 'slack', 'email'] }),
    url: Type.Optional(Type.String()),
    secret: Type.Optional(Type.String({ pattern: '^whsec_[A-Za-z0-9+/]{16,}={0,2}$' })),
    to: Type.Optional(Type.String({ pattern: '^[^@\\s]+@[^@\\s]+$' })),
    provider: Type.Optional(Type.String()),
  },
  strict,
);
export const AlertsSection = Type.Object(
  {
    heartbeat_url: Type.Optional(Type.String()),
    to: Type.Optional(Type.Array(AlertTarget, { maxItems: 20 })),
    queue_age: Type.Optional(Duration),
    in_doubt_age: Type.Optional(Duration),
    window: Type.Optional(Duration),
    quiet: Type.Optional(Duration),
  },
  strict,
);
type Written = Static<typeof AlertsSection>;
type WrittenTarget = NonNullable<Written['to']>[number];

export type AlertTargetConfig = { name: string } & (
  | { kind: 'webhook'; url: string; secret: string | undefined }
  | { kind: 'slack'; url: string }
  | { kind: 'email'; to: string; provider: string | undefined }
);

export interface AlertsConfig {
  /** Called each minute while alerts are looked after: something outside notices when it stops. */
  heartbeatUrl: string | undefined;
  targets: readonly AlertTargetConfig[];
  /** What is due waits longer than this: bulk, which is made to wait, ten times as long. */
  queueAgeMs: number;
  /** In doubt, and nobody has decided for so long. */
  inDoubtAgeMs: number;
  /** Dead letters are counted over this time; what came back within it must stay away as long to be over. */
  windowMs: number;
  /** A cause must be gone for so long before its alert is resolved. */
  quietMs: number;
}

const DEFAULT = { queueAgeMs: 60_000, inDoubtAgeMs: 900_000, windowMs: 900_000, quietMs: 30_000 } as const;

/** What is written, with its defaults. Faults name the path, never a URL: it may hold a secret. */
export function readAlerts(raw: Written = {}): { alerts: AlertsConfig; faults: string[] } {
  const named = nameAll(raw.to ?? []);
  const faults = [
    ...(raw.heartbeat_url === undefined || isHttp(raw.heartbeat_url)
      ? []
      : ['/alerts/heartbeat_url must be an http or https URL']),
    ...named.flatMap((target, i) => faultsOf(target).map((fault) => `/alerts/to/${i} ${fault}`)),
    ...named
      .filter((one, i) => named.findIndex((other) => other.name === one.name) !== i)
      .map(({ name }) => `/alerts/to has two targets named ${name}`),
  ];
  const alerts = {
    heartbeatUrl: raw.heartbeat_url,
    targets: faults.length > 0 ? [] : named.map(toTarget),
    queueAgeMs: msOf(raw.queue_age) ?? DEFAULT.queueAgeMs,
    inDoubtAgeMs: msOf(raw.in_doubt_age) ?? DEFAULT.inDoubtAgeMs,
    windowMs: msOf(raw.window) ?? DEFAULT.windowMs,
    quietMs: msOf(raw.quiet) ?? DEFAULT.quietMs,
  };
  return { alerts, faults };
}

type NamedTarget = WrittenTarget & { name: string };

/** By its kind, counted from the second: what a target was told is kept under its name. */
function nameAll(targets: readonly WrittenTarget[]): NamedTarget[] {
  return targets.map((target, i) => {
    const before = targets.slice(0, i).filter((one) => one.kind === target.kind).length;
    return { ...target, name: target.name ?? (before === 0 ? target.kind : `${target.kind}-${before + 1}`) };
  });
}

/** Which fields each kind has; the first of them it needs. */
const FIELDS: Record<WrittenTarget['kind'], readonly (keyof WrittenTarget)[]> = {
  webhook: ['url', 'secret'],
  slack: ['url'],
  email: ['to', 'provider'],
};

function faultsOf(target: NamedTarget): string[] {
  const known = FIELDS[target.kind];
  const needed = known[0]!;
  const strangers = (['url', 'secret', 'to', 'provider'] as const).filter(
    (field) => target[field] !== undefined && !known.includes(field),
  );
  return [
    ...(target[needed] === undefined ? [`needs ${needed}`] : []),
    ...strangers.map((field) => `has ${field}, which a target of kind ${target.kind} does not know`),
    ...(target.url === undefined || isHttp(target.url) ? [] : ['url must be an http or https URL']),
  ];
}

function toTarget({ name, kind, url, secret, to, provider }: NamedTarget): AlertTargetConfig {
  if (kind === 'email') return { name, kind, to: to!, provider };
  return kind === 'slack' ? { name, kind, url: url! } : { name, kind, url: url!, secret };
}

const isHttp = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
const msOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : parseDurationMs(text);
