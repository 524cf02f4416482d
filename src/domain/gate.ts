/** Why a provider or an endpoint is held. Several may hold at once; each lets go of its own. */
export const GATE_HOLDERS = [
  'breaker',
  'pause',
  'retry_after',
  'rate',
  'configuration',
  'endpoint', // its breaker
  'disabled', // switched off: by its owner, by a 410, or after days of nothing but failure
] as const;
export type GateHolder = (typeof GATE_HOLDERS)[number];

export type GateKind = 'provider' | 'endpoint' | 'queue' | 'type';

/** One reason in force. */
export interface Hold {
  kind: GateKind;
  /** A provider's, a queue's or a type's name, or an endpoint's UUID. */
  key: string;
  heldBy: GateHolder;
  /** Undefined: until somebody lets go. */
  until: Date | undefined;
  since: Date;
  detail: string | null;
  /** Whose word it is; null: a process found it out. */
  apiKeyId?: string | null;
}
