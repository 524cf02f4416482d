import { type ChannelName, type Lane, LANES } from '../domain/channel.js';

/** A queue of hints: one per provider and lane. The bulkhead. */
export interface QueueRef {
  /** `webhooks.bulk`: what the outbox and operators call it. */
  name: string;
  /** The name in BullMQ, in braces: a Redis Cluster keeps all keys of one queue on one node (hash tag). */
  bullName: string;
  provider: string;
  channel: ChannelName;
  lane: Lane;
}

export function queueRefsOf(providers: readonly { name: string; channel: ChannelName }[]): QueueRef[] {
  return providers.flatMap(({ name: provider, channel }) =>
    LANES.map((lane) => {
      const name = `${provider}.${lane}`;
      return { name, bullName: `{${name}}`, provider, channel, lane };
    }),
  );
}
