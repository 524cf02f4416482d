import type { Lane } from './channel.js';

/** How much may wait. */
export interface AdmissionLimits {
  maxWaiting: Record<Lane, number>;
  /** The part of a lane that one API key may fill. */
  keyShare: number;
}

/** What waits in the outbox, as far as is known. */
export interface WaitingCounts {
  inLane(lane: Lane): number;
  ofKey(lane: Lane, apiKeyId: string): number;
}

/** What is full: the lane for everybody, or what one API key may have of it. */
export type Full = 'lane' | 'key';

/** Both lanes fill one disk: what can wait is turned away before what cannot. */
const BULK_STOPS_AT = 0.9;

/** Why one more may not wait; undefined: it may. */
export function fullFor(
  lane: Lane,
  apiKeyId: string,
  waiting: WaitingCounts,
  { maxWaiting, keyShare }: AdmissionLimits,
): Full | undefined {
  if (waiting.inLane(lane) >= maxWaiting[lane]) return 'lane';
  const urgent = waiting.inLane('transactional');
  if (lane === 'bulk' && urgent >= BULK_STOPS_AT * maxWaiting.transactional) return 'lane';
  return waiting.ofKey(lane, apiKeyId) >= keyShare * maxWaiting[lane] ? 'key' : undefined;
}
