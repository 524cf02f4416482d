import { randomBytes, randomUUID } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { toPublicId } from '../../../src/domain/public-id.js';
import { type DoubtToAsk, DoubtsRepository } from '../../../src/notifications/doubts.repository.js';
import { createWorkPool, type WorkPool } from '../../../src/platform/database/pools.js';
import { startApp, type TestApp } from '../../support/app.js';
import { outboxOf, settle, uuidOf } from '../../support/settled.js';

const SID = 'SM00000000000000000000000000000001';

/** Statement by statement: what ends a doubt, and what does not. */
describe('the end of a doubt', () => {
  let app: TestApp;
  let pool: WorkPool;
  let doubts: DoubtsRepository;

  beforeAll(async () => {
    app = await startApp();
    pool = createWorkPool(app.databaseUrl);
    doubts = new DoubtsRepository(pool);
  });

  afterAll(async () => {
    await pool.end();
    await app.stop();
  });

  beforeEach(async () => {
    await pool.query('TRUNCATE notifications, outbox, attempts, undelivered, ordered, provider_messages');
  });

  const digest = () => randomBytes(31).toString('hex');
  const doubtful = async (more: object = {}): Promise<DoubtToAsk> => {
    const { body } = await app.send({
      type: 'otp.code',
      recipient: '+15551234567',
      business_id: randomUUID(),
      channel: 'sms',
      data: { code: '123456', valid_minutes: 10 },
      ...more,
    });
    const id = body.id as string;
    await settle(app, [id], {
      status: 'in_doubt',
      provider: 'texts',
      class: 'in_doubt',
      code: 'twilio_20500',
    });
    await pool.query(
      `UPDATE undelivered SET ask_at = now() - interval '1 second' WHERE notification_id = $1`,
      [uuidOf(id)],
    );
    const due = await doubts.toAsk(10);
    return due.find((one) => one.id === uuidOf(id))!;
  };
  const found = (doubt: DoubtToAsk, contentDigest = digest(), providerMessageId = SID) => ({
    ...doubt,
    providerMessageId,
    contentDigest,
    status: 'sent' as const,
    code: 'twilio_sent',
    class: null,
  });
  const story = async ({ id }: DoubtToAsk) =>
    (
      await pool.query(
        `SELECT n.status, n.provider_message_id AS sid, n.tries, u.status AS undelivered, u.code, u.asked, u.ask_at IS NULL AS "isParked"
           FROM notifications n LEFT JOIN undelivered u ON u.notification_id = n.id WHERE n.id = $1`,
        [id],
      )
    ).rows[0];

  it('is asked about with what is known of it', async () => {
    const doubt = await doubtful();
    expect(doubt).toMatchObject({ provider: 'texts', attempt: 2, dispatch: 2, asked: 0, isLate: false });
    expect(doubt.doubts).toEqual([{ provider: 'texts', startedAt: expect.any(Date), digest: null }]);
  });

  it('adopts the provider’s id, once', async () => {
    const doubt = await doubtful();
    expect(await doubts.settleFound(found(doubt))).toBe(true);
    expect(await story(doubt)).toMatchObject({ status: 'sent', sid: SID, undelivered: null });
    expect(await doubts.settleFound(found(doubt, digest(), 'SM2'))).toBe(false);
    expect(await story(doubt)).toMatchObject({ sid: SID });
    expect(await doubts.toAsk(10)).toEqual([]);
  });

  it('gives one message to one of two doubts about the same text', async () => {
    const [first, second] = [await doubtful(), await doubtful()];
    const same = digest();
    expect(await doubts.settleFound(found(first, same))).toBe(true);
    expect(await doubts.settleFound(found(second, same))).toBe(false);
    expect(await doubts.settleFound(found(second, same, 'SM2'))).toBe(true);
  });

  it('says what became of one that did not arrive', async () => {
    const doubt = await doubtful();
    const bounced = { status: 'bounced' as const, code: 'twilio_30005', class: 'suppress' };
    expect(await doubts.settleFound({ ...found(doubt), ...bounced })).toBe(true);
    expect(await story(doubt)).toMatchObject({
      status: 'bounced',
      undelivered: 'bounced',
      code: 'twilio_30005',
    });
  });

  it.each(['sent', 'dead', 'retry'])('leaves what an operator has resolved as %s', async (as) => {
    const doubt = await doubtful();
    await app
      .request('post', `/v1/admin/notifications/${publicIdOf(doubt)}/resolve`)
      .send({ as, reason: 'looked' })
      .expect(200);
    const before = await story(doubt);
    expect(await doubts.settleFound(found(doubt))).toBe(false);
    expect(await doubts.settleUnfound({ ...doubt, then: 'again' })).toBe(false);
    expect(await doubts.settleUnfound({ ...doubt, then: 'expired' })).toBe(false);
    expect(await doubts.putOff({ ...doubt, answer: 'not_found' })).toBe(false);
    expect(await story(doubt)).toEqual(before);
    expect(await doubts.toAsk(10)).toEqual([]);
  });

  it('counts answers, not silence, and counts each once', async () => {
    const doubt = await doubtful();
    expect(await doubts.putOff({ ...doubt, answer: 'unanswered', afterMs: 0 })).toBe(true);
    expect(await story(doubt)).toMatchObject({ asked: 0, isParked: false });
    expect(await doubts.putOff({ ...doubt, answer: 'not_found', sinceDoubtMs: 60_000 })).toBe(true);
    expect(await doubts.putOff({ ...doubt, answer: 'not_found', sinceDoubtMs: 60_000 })).toBe(false);
    expect(await story(doubt)).toMatchObject({ asked: 1, isParked: false });
    expect(await doubts.toAsk(10)).toEqual([]);
    expect(await doubts.putOff({ ...doubt, asked: 1, answer: 'not_found' })).toBe(true);
    expect(await story(doubt)).toMatchObject({ status: 'in_doubt', asked: 2, isParked: true });
  });

  it('sends again by the provider that was asked, on the same tries and deadline', async () => {
    const doubt = await doubtful({ ordering_key: 'k' });
    expect(await doubts.settleUnfound({ ...doubt, then: 'again' })).toBe(true);
    expect(await doubts.settleUnfound({ ...doubt, then: 'again' })).toBe(false);
    expect(await story(doubt)).toMatchObject({ status: 'retrying', tries: 2, undelivered: null });
    const owed = await outboxOf(app, publicIdOf(doubt));
    expect(owed).toMatchObject({
      kind: 'retry',
      provider: 'texts',
      dispatch: 2,
      overdue_at: doubt.deadlineAt,
    });
    expect(owed!.ordering_seq).not.toBeNull();
  });

  it('lets one expire that nobody wants any more, and its key go on', async () => {
    const doubt = await doubtful({ ordering_key: 'k', expires_in: '1h' });
    await pool.query(`UPDATE notifications SET expires_at = now() - interval '1 second'`);
    expect(await doubts.settleUnfound({ ...doubt, then: 'again' })).toBe(false);
    expect(await doubts.settleUnfound({ ...doubt, then: 'expired' })).toBe(true);
    expect(await story(doubt)).toMatchObject({ status: 'expired', undelivered: 'expired' });
    expect((await pool.query('SELECT FROM ordered')).rowCount).toBe(0);
    expect(await outboxOf(app, publicIdOf(doubt))).toBeUndefined();
  });

  const publicIdOf = ({ id }: DoubtToAsk): string => toPublicId('notification', id);
});
