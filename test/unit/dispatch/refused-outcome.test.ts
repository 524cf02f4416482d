import { describe, expect, it } from 'vitest';

import { BulkShare } from '../../../src/dispatch/bulk-share.js';
import { Outcomes } from '../../../src/dispatch/outcomes.js';
import { failed, taken } from '../../../src/domain/outcome.js';
import type { AttemptRecord } from '../../../src/notifications/notifications.repository.js';

const refusal = Object.assign(new Error('index row size exceeds maximum'), { code: '54000' });
const away = Object.assign(new Error('the server is gone'), { code: '57P01' });
const record: AttemptRecord = {
  id: 'n',
  attempt: 2,
  dispatch: 3,
  outcome: taken('250', 'said by the server', { providerMessageId: 'x'.repeat(9_000) }),
  next: { status: 'sent', reason: '250' },
  durationMs: 5,
  pinnedProvider: null,
  suppression: { reason: 'hard_bounce' } as never,
};

/** `answers`: what PostgreSQL says to each statement in turn: an error to throw, or whether the record won. */
function start(answers: (Error | boolean)[], endpoint: { obeyGone?: Error; note?: Error } = {}) {
  const written: AttemptRecord[] = [];
  const errors: string[] = [];
  const answer = (): boolean => {
    const next = answers.shift()!;
    if (next instanceof Error) throw next;
    return next;
  };
  const outcomes = new Outcomes(
    {
      record: async ([one]: AttemptRecord[]) => {
        written.push(one!);
        return [answer()];
      },
      settleLate: async () => answer(),
    } as never,
    {
      obeyGone: async () => endpoint.obeyGone && Promise.reject(endpoint.obeyGone),
      note: async () => endpoint.note && Promise.reject(endpoint.note),
    } as never,
    { outcomeGroupRows: { observe: () => undefined } } as never,
    { warn: () => undefined, error: (event: string) => errors.push(event) } as never,
    new BulkShare(),
  );
  return { outcomes, written, errors };
}

describe('an outcome that PostgreSQL will not have', () => {
  it('is written in full by itself when it was another of its group that was refused', async () => {
    const { outcomes, written, errors } = start([refusal, true]);
    await outcomes.record(record, { lane: 'bulk', endpointId: null });
    expect(written).toEqual([record, record]);
    expect(errors).toEqual([]);
  });

  it('is written without what other machines said, and keeps its verdict', async () => {
    const { outcomes, written, errors } = start([refusal, refusal, true]);
    await outcomes.record(record, { lane: 'bulk', endpointId: null });
    expect(written.at(-1)).toEqual({
      ...record,
      outcome: { kind: 'taken', code: '250', detail: expect.any(String), isReceipt: false },
      suppression: undefined,
    });
    expect(errors).toEqual(['outcome.cut']);
  });

  it('ends in doubt when nothing else will do', async () => {
    const { outcomes, written } = start([refusal, refusal, refusal, true]);
    await outcomes.record(record, { lane: 'bulk', endpointId: null });
    expect(written.at(-1)).toMatchObject({
      outcome: { kind: 'in_doubt', code: 'outcome_refused' },
      next: { status: 'in_doubt' },
    });
  });

  it('is kept in full while PostgreSQL is away, also between two of its versions', async () => {
    const { outcomes, written } = start([refusal, refusal, away, true]);
    await outcomes.record(record, { lane: 'bulk', endpointId: null });
    expect(written.at(-1)).toEqual(record);
  });

  it('is kept in full when PostgreSQL refuses everything: then it is not this outcome', async () => {
    const { outcomes, written } = start([refusal, refusal, refusal, refusal, true]);
    await outcomes.record(record, { lane: 'bulk', endpointId: null });
    expect(written.at(-1)).toEqual(record);
  });

  it('is a late word where the worker was given up meanwhile', async () => {
    const { outcomes, written } = start([refusal, refusal, false, true]);
    await outcomes.record(record, { lane: 'bulk', endpointId: null });
    expect(written).toHaveLength(3);
  });

  it('does not wait for an endpoint that cannot be told', async () => {
    const gone = failed('rejected', { class: 'gone', code: 'http_410', detail: '', scope: 'endpoint' });
    const { outcomes, written, errors } = start([true], { obeyGone: refusal, note: refusal });
    await outcomes.record({ ...record, outcome: gone }, { lane: 'bulk', endpointId: 'ep' });
    expect(written).toHaveLength(1);
    expect(errors).toEqual(['endpoint.not_told', 'endpoint.not_told']);
  });
});
