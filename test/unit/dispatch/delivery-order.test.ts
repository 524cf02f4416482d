import { describe, expect, it } from 'vitest';

import { DeliveryService } from '../../../src/dispatch/delivery.service.js';
import type { Claimed } from '../../../src/notifications/claimed.js';

const claimed = { id: 'n', attempt: 1, type: 'welcome', endpointId: null } as Claimed;

/** The last steps of a delivery, in the order they were taken. `observes`: what the gates answer, call by call. */
async function deliver(observes: boolean[]): Promise<string[]> {
  const said: string[] = [];
  const deliveries = new DeliveryService(
    { of: () => ({ provider: {} }) } as never,
    { send: async () => ({ outcome: { kind: 'taken' }, digest: null }) } as never,
    { beforeCall: () => undefined, on: () => ({}) } as never,
    { record: async () => void said.push('record') } as never,
    {
      observe: async () => {
        said.push('observe');
        return observes.shift()!;
      },
    } as never,
    { attempted: () => undefined } as never,
  );
  deliveries.start(claimed, 'ses', { release: () => said.push('release') });
  await deliveries.drain();
  return said;
}

describe('what an outcome says of gates', () => {
  it('is written while the attempt is still open: nobody lets out a second call that tries the gate in between', async () => {
    expect(await deliver([true])).toEqual(['observe', 'record', 'release']);
  });

  it('is written after the record when PostgreSQL was away before it', async () => {
    expect(await deliver([false, true])).toEqual(['observe', 'record', 'observe', 'release']);
  });
});
