import type { ChannelName, Lane } from '../domain/channel.js';

/** Which rows are served alike: a range of the due indexes, in the order of `available_at`. */
export interface Group {
  channel: ChannelName;
  lane: Lane;
  /** The provider that is prescribed for them; empty: any of the channel. */
  pin: string;
  /** Counts against the provider's retry budget. */
  isRetry: boolean;
}

/** Where hints go. */
export interface Destination {
  provider: string;
  queue: string;
}

/** Who takes what, and how much at once. */
export interface Route extends Destination {
  channel: ChannelName;
  lane: Lane;
  /** Whether rows that no provider is prescribed for go here too; those who do share them by weight. */
  takesUnpinned: boolean;
  weight: number;
  /** One hint at a time: its breaker's time is over, and a single call finds out. */
  isProbe: boolean;
  /** Of webhooks: calls that one endpoint may have in flight. */
  perEndpointConcurrency: number;
}
