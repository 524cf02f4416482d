import { describe, expect, it } from 'vitest';

import { SenderTurns } from '../../../src/outbox/sender-turns.js';
import type { Turn } from '../../../src/outbox/sql/publish-due.js';

const GROUP = { channel: 'email', lane: 'bulk', pin: '', isRetry: false } as const;

/** What PostgreSQL does: an equal share for each sender that has something, in their order from behind `after`. */
const outboxOf = (waiting: Record<number, number>) => {
  const asked: number[] = [];
  const publish = (most: number, after: number): Promise<Turn> => {
    asked.push(most);
    const all = Object.keys(waiting)
      .map(Number)
      .filter((sender) => waiting[sender]! > 0)
      .sort((a, b) => a - b);
    const inTurn = [...all.filter((one) => one > after), ...all.filter((one) => one <= after)];
    const published = inTurn.flatMap((sender, i) => {
      const share = Math.floor(most / inTurn.length) + (i < most % inTurn.length ? 1 : 0);
      const count = Math.min(share, waiting[sender]!);
      waiting[sender]! -= count;
      return Array.from({ length: count }, () => ({ id: '', dispatch: 1, endpointId: null, sender }));
    });
    return Promise.resolve({ published, senders: inTurn.length });
  };
  return { publish, asked };
};

describe('turns among senders', () => {
  it('are one statement for one who is alone, however little it has', async () => {
    const outbox = outboxOf({ 5: 40 });
    expect(await new SenderTurns().take(GROUP, 500, outbox.publish)).toHaveLength(40);
    expect(outbox.asked).toEqual([500]);
  });

  it('deal what one leaves of its share to the others, so that no place stays empty', async () => {
    const outbox = outboxOf({ 1: 10_000, 2: 3, 3: 200 });
    const taken = await new SenderTurns().take(GROUP, 500, outbox.publish);
    expect(taken).toHaveLength(500);
    const of = (sender: number) => taken.filter((one) => one.sender === sender).length;
    expect([of(1), of(2), of(3)]).toEqual([297, 3, 200]);
  });

  it('end when everything is out', async () => {
    const outbox = outboxOf({ 1: 10, 2: 3 });
    expect(await new SenderTurns().take(GROUP, 500, outbox.publish)).toHaveLength(13);
    expect(outbox.asked).toEqual([500]);
  });

  it('go on behind the last, each group with its own', async () => {
    const turns = new SenderTurns();
    const outbox = outboxOf({ [-3]: 9, 2: 9, 7: 9 });
    const order: number[] = [];
    for (let i = 0; i < 3; i++)
      order.push(...(await turns.take(GROUP, 2, outbox.publish)).map(({ sender }) => sender));
    expect(order).toEqual([-3, 2, 7, -3, 2, 7]);
    const other = await turns.take({ ...GROUP, lane: 'transactional' }, 1, outbox.publish);
    expect(other.map(({ sender }) => sender)).toEqual([-3]);
  });
});
