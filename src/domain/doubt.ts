/** `keyLeftMs` of a provider that recognises no repetition. */
export const KNOWS_NONE = 0;

/** What is known of a notification's doubts, and of the provider that the last of them is about. */
export interface Doubts {
  /** Attempts whose end nobody knows, in all its lives; this one included if it is one. */
  count: number;
  /**
   * How long this provider still recognises a repetition under the same key, from now. 0: it never does, or does no more;
   * Infinity: it always will.
   */
  keyLeftMs: number;
  /** Whether this provider can be asked what became of it. */
  canBeAsked: boolean;
  /** Whether another provider of the channel is there that cannot have it. */
  hasOther: boolean;
}

/** An attempt whose end nobody knows, as it is on record. */
export interface Doubt {
  provider: string;
  startedAt: Date;
  /** Of what was sent, hex; null: its worker was lost before it could say. */
  digest: string | null;
}

/** Milliseconds; `keyLifeMs`: how long the provider recognises a key, counted from the first doubtful call under it. */
export function keyLeftMs(keyLifeMs: number, firstDoubtMs: number, nowMs: number): number {
  if (keyLifeMs === Infinity) return Infinity;
  return Math.max(KNOWS_NONE, keyLifeMs - (nowMs - firstDoubtMs));
}
