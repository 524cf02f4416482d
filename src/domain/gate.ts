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
}

/** A call that hangs for longer does not keep the next from being tried: the other end may be well by then. Milliseconds. */
export const TRIAL_MS = 30_000;

/** Of calls that try a gate whose time is over there is one, when none is out. */
export const probeRoom = (out: number): number => (out === 0 ? 1 : 0);
