import type { ChannelRegistry } from '../../channels/channel.registry.js';
import { CHANNELS, LANES } from '../../domain/channel.js';
import type { HeldGates } from '../../gates/held-gates.js';
import type { WaitingLane } from '../sql/oldest-waiting.js';

/** Where what waits could go now: a provider of the channel is open, and nobody has paused its queue in this lane. */
export function openLanes(channels: ChannelRegistry, gates: HeldGates): WaitingLane[] {
  return CHANNELS.flatMap((channel) => {
    const first = channels.providersOf(channel).find(({ name }) => !gates.isHeld('provider', name));
    if (!first) return [];
    return LANES.filter((lane) => !gates.isHeld('queue', `${first.name}.${lane}`)).map((lane) => ({
      channel,
      lane,
    }));
  });
}
