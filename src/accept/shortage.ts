import type { ProviderAllowance } from '../allowances/provider-allowance.js';
import type { Shortage } from '../notifications/story.js';

/** What a provider may not be given now, for somebody who waits for it; undefined: it may have another. */
export function shortageOf(
  name: string,
  allowance: ProviderAllowance,
  isRetry: boolean,
  nowMs: number,
): Shortage | undefined {
  const { retries, tokens, ratePerSecond, isRecovering, untilTokenMs } = allowance;
  if (isRetry && retries.left < 1) {
    return {
      waitingFor: 'budget',
      at: new Date(nowMs + retries.untilMs),
      reason: `The retry budget of ${name} is used up: ${retries.used} of ${retries.of} retries in the last minute, beside ${retries.firsts} first sends.`,
    };
  }
  if (tokens >= 1) return undefined;
  return {
    waitingFor: 'rate_limit',
    at: new Date(nowMs + untilTokenMs),
    reason: isRecovering
      ? `The provider ${name} is recovering: ${ratePerSecond}/s now.`
      : `The provider ${name} takes ${ratePerSecond}/s, and that is used up for the moment.`,
  };
}
