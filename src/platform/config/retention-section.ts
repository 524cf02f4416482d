import { type Static, Type } from 'typebox';

import { DURATION_PATTERN, parseDurationMs } from './units.js';

const Age = Type.String({
  pattern: `${DURATION_PATTERN}|^forever$`,
  description: 'A duration, or forever.',
});

export const RetentionSection = Type.Object(
  { payload: Type.Optional(Age), attempts: Type.Optional(Age), keys: Type.Optional(Age) },
  { additionalProperties: false },
);

/** How long what has ended is kept, counted from its last change. Milliseconds; undefined: for ever. */
export interface RetentionConfig {
  /** Content, address and the caller's own words: what is needed to send it again. */
  payloadMs: number | undefined;
  /** What each call came to, and what providers reported. */
  attemptsMs: number | undefined;
  /** Hashes, id and final status: what makes a duplicate a duplicate. */
  keysMs: number | undefined;
}

const DEFAULTS = { payload: '30d', attempts: '90d', keys: 'forever' } as const;
const HOUR_MS = 3_600_000;
/** An endpoint is disabled by the proof of five days of attempts: they must still be there. */
const SHORTEST_ATTEMPTS_MS = 7 * 24 * HOUR_MS;

/** Defaults filled in. What stands on something else may not outlive it. */
export function readRetention(written: Static<typeof RetentionSection> | undefined): {
  retention: RetentionConfig;
  faults: string[];
} {
  const { payload, attempts, keys } = { ...DEFAULTS, ...written };
  const retention = { payloadMs: ageOf(payload), attemptsMs: ageOf(attempts), keysMs: ageOf(keys) };
  return { retention, faults: faultsOf(retention) };
}

const ageOf = (text: string): number | undefined => (text === 'forever' ? undefined : parseDurationMs(text));

function faultsOf({
  payloadMs = Infinity,
  attemptsMs = Infinity,
  keysMs = Infinity,
}: RetentionConfig): string[] {
  return [
    ...(payloadMs < HOUR_MS ? ['/retention/payload must be at least 1h'] : []),
    ...(attemptsMs < SHORTEST_ATTEMPTS_MS
      ? ['/retention/attempts must be at least 7d: endpoints are judged by them']
      : []),
    ...(attemptsMs < payloadMs
      ? [
          '/retention/attempts must be no shorter than payload: what is sent again must know who may have it already',
        ]
      : []),
    ...(keysMs < attemptsMs ? ['/retention/keys must be no shorter than attempts'] : []),
  ];
}
