import type { ChannelName } from '../domain/channel.js';

/**
 * What a catcher can be asked to do wrong, in the words of each protocol:
 *
 * - `reject`          never: an address nobody has, a body nobody wants
 * - `defer`           not now: greylisted, queue full, unavailable
 * - `hang`            reads everything, keeps nothing, answers nothing
 * - `drop_after_body` reads and keeps everything, then cuts the connection without an answer
 * - `throttle`        slower: 421 or 429
 *
 * `hang` and `drop_after_body` look alike to the sender and are not: one lost it, one has it. That is what in doubt means.
 */
export const FAULTS = ['reject', 'defer', 'hang', 'drop_after_body', 'throttle'] as const;
export type Fault = (typeof FAULTS)[number];

/** One order for faults: the next `remaining` deliveries of that channel fail so. */
export interface FaultOrder {
  id: number;
  channel: ChannelName;
  fault: Fault;
  times: number;
  remaining: number;
  createdAt: Date;
}

/** Where catchers ask, once per delivery, whether it shall fail. */
export interface FaultSource {
  take(channel: ChannelName): Promise<Fault | undefined>;
}

/** Seconds a throttled caller is asked to wait: long enough to be seen on a page, short enough to be waited for. */
export const THROTTLE_RETRY_AFTER_SECONDS = 5;
