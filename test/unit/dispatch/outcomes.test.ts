import { describe, expect, it } from 'vitest';

import { BulkShare } from '../../../src/dispatch/bulk-share.js';
import { Outcomes } from '../../../src/dispatch/outcomes.js';
import { failed } from '../../../src/domain/outcome.js';
import type { AttemptRecord } from '../../../src/notifications/notifications.repository.js';

const GONE = failed('rejected', { class: 'gone', code: 'http_410', detail: '', scope: 'endpoint' });
const record = { id: 'n', attempt: 2, dispatch: 3, outcome: GONE } as AttemptRecord;

describe('an outcome of a webhook', () => {
  const start = (failures: { obeyGone?: number; record?: number }) => {
    const said: string[] = [];
    const fail = (step: 'obeyGone' | 'record'): void => {
      if ((failures[step] ?? 0) <= 0) return;
      failures[step]--;
      said.push(`${step} fails`);
      throw new Error('PostgreSQL is away');
    };
    const outcomes = new Outcomes(
      {
        record: async (records: AttemptRecord[]) => {
          fail('record');
          said.push('record');
          return records.map(() => true);
        },
      } as never,
      {
        obeyGone: async ({ endpointId, notificationId, number }: Record<string, unknown>) => {
          fail('obeyGone');
          said.push(`obeyGone ${String(endpointId)} ${String(notificationId)} ${String(number)}`);
        },
        note: async () => void said.push('note'),
      } as never,
      { outcomeGroupRows: { observe: () => undefined } } as never,
      { warn: () => undefined } as never,
      new BulkShare(),
    );
    return { outcomes, said };
  };

  it('is obeyed by the endpoint’s switch before it is recorded: nobody dies of a 410 at an endpoint that is still on', async () => {
    const { outcomes, said } = start({});
    await outcomes.record(record, { lane: 'bulk', endpointId: 'ep' });
    expect(said).toEqual(['obeyGone ep n 2', 'record', 'note']);
  });

  it('is not recorded while the switch cannot be thrown, and both are tried again', async () => {
    const { outcomes, said } = start({ obeyGone: 1, record: 1 });
    await outcomes.record(record, { lane: 'bulk', endpointId: 'ep' });
    expect(said).toEqual([
      'obeyGone fails',
      'obeyGone ep n 2',
      'record fails',
      'obeyGone ep n 2',
      'record',
      'note',
    ]);
  });

  it('of another channel concerns no endpoint', async () => {
    const { outcomes, said } = start({});
    await outcomes.record(record, { lane: 'bulk', endpointId: null });
    expect(said).toEqual(['record']);
  });
});
