import type { ChannelName } from '../../../src/domain/channel.js';

/** What a provider made of a call, by its own books: not by what it said, and not by whether its answer arrived. */
export type Truth = 'taken' | 'refused';

/** One complete request as a provider got it. */
export interface Call {
  provider: string;
  channel: ChannelName;
  /** What the provider itself could tell repetitions by: webhook-id, Message-ID, Idempotency-Key; To and Body for Twilio. */
  key: string;
  /** The notification, where the key names it; else its address, by which the client's ledger knows it. */
  of: string;
  at: number;
  truth: Truth;
  /** What was said: a status, or how it lied. */
  said: string;
}

/** What every provider was sent, in the order of arrival. The one witness that the service cannot have bribed. */
export class ProviderLedger {
  readonly calls: Call[] = [];

  write(call: Omit<Call, 'at'>): void {
    this.calls.push({ ...call, at: performance.now() });
  }

  /** The calls for each notification (or address). */
  byNotification(): Map<string, Call[]> {
    const by = new Map<string, Call[]>();
    for (const call of this.calls) by.set(call.of, [...(by.get(call.of) ?? []), call]);
    return by;
  }
}
