import type { ChannelName } from '../domain/channel.js';
import type { AddressFault, SuppressionReason } from '../domain/suppression.js';

/** Channels that reach people. Whoever subscribes a webhook switches its endpoint off instead. */
export const SUPPRESSIBLE = ['email', 'sms'] as const satisfies readonly ChannelName[];
export type SuppressibleChannel = (typeof SUPPRESSIBLE)[number];

export const isSuppressible = (channel: ChannelName): channel is SuppressibleChannel =>
  (SUPPRESSIBLE as readonly ChannelName[]).includes(channel);

/** One address that is not to be written to. */
export interface Suppression {
  channel: SuppressibleChannel;
  /** As its channel normalises it. */
  address: string;
  reason: SuppressionReason;
  /** Only notifications of this type; left out: all. Only an unsubscribe or an operator's word may be so narrow. */
  type?: string | undefined;
  /** Who says so, in a word or two: `api`, `import`, `one_click`, `provider ses`. At most 64 bytes, no address. */
  source: string;
  /** The one that led to it (UUID). */
  notificationId?: string | undefined;
  expiresAt?: Date | undefined;
  /** When it was said, where that is not now: an older yes that comes later does not undo it. */
  saidAt?: Date | undefined;
  /** Counts only after several such failures; needs `notificationId`. */
  after?: AddressFault['after'];
}
