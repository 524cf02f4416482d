import { type Static, Type } from 'typebox';

import type { AdmissionLimits } from '../../domain/admission.js';
import { parseQuota, type Quota, RATE_PATTERN } from './units.js';

const strict = { additionalProperties: false } as const;
const Most = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });

/** `limits` of `posthaste.yaml`: how much may wait, and how much one API key may ask for. */
export const LimitsSection = Type.Object(
  {
    max_waiting: Type.Optional(
      Type.Object(
        { transactional: Type.Optional(Most), bulk: Type.Optional(Most) },
        {
          ...strict,
          description: 'Notifications that may wait in each lane; beyond, the door answers 503 `overloaded`.',
        },
      ),
    ),
    key_share: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1,
        description: 'The part of a lane that what one API key has waiting may fill.',
      }),
    ),
    rate: Type.Optional(
      Type.String({
        pattern: RATE_PATTERN,
        description: 'What an API key without a rate of its own may ask of each process: 500/s, 10000/m.',
      }),
    ),
  },
  strict,
);

export interface LimitsConfig extends AdmissionLimits {
  /** Of an API key that has none of its own; undefined: as fast as it likes. */
  rate: Quota | undefined;
}

/** A row of the outbox with its notification is about two kilobytes: together some ten gigabytes. */
const DEFAULT_MAX_WAITING = { transactional: 1_000_000, bulk: 5_000_000 } as const;
/** A key alone leaves a fifth of the lane to the others. */
const DEFAULT_KEY_SHARE = 0.8;

export const readLimits = (raw: Static<typeof LimitsSection> | undefined): LimitsConfig => ({
  maxWaiting: { ...DEFAULT_MAX_WAITING, ...raw?.max_waiting },
  keyShare: raw?.key_share ?? DEFAULT_KEY_SHARE,
  rate: raw?.rate === undefined ? undefined : parseQuota(raw.rate),
});
