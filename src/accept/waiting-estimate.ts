import type { WaitingCounts } from '../domain/admission.js';
import type { Lane } from '../domain/channel.js';
import type { WaitingOfKey } from './sql/estimate-waiting.js';

/** What waited at the last look, and what this process has let in since. */
export class WaitingEstimate implements WaitingCounts {
  private counts = new Map<string, number>();
  /** Let in since the look that is under way began: it may not have seen them. */
  private later = new Map<string, number>();

  inLane(lane: Lane): number {
    return this.counts.get(lane) ?? 0;
  }

  ofKey(lane: Lane, apiKeyId: string): number {
    return this.counts.get(`${lane} ${apiKeyId}`) ?? 0;
  }

  letIn(lane: Lane, apiKeyId: string): void {
    for (const counts of [this.counts, this.later]) add(counts, lane, apiKeyId, 1);
  }

  beginLook(): void {
    this.later = new Map();
  }

  endLook(found: readonly WaitingOfKey[]): void {
    this.counts = new Map(this.later);
    for (const { lane, apiKeyId, waiting } of found) add(this.counts, lane, apiKeyId ?? '', waiting);
  }

  /** Nothing is known any more: better to take one too many than to refuse by what was true long ago. */
  forget(): void {
    this.counts = new Map();
  }
}

function add(counts: Map<string, number>, lane: Lane, apiKeyId: string, more: number): void {
  for (const key of [lane, `${lane} ${apiKeyId}`]) counts.set(key, (counts.get(key) ?? 0) + more);
}
