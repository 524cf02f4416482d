import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { fromPublicId } from '../../../src/domain/public-id.js';
import { startApp, type TestApp } from '../../support/app.js';
import { HookSink } from '../../support/hook-sink.js';
import { type ScriptedSmtp, startScriptedSmtp } from '../../support/scripted-smtp.js';
import { waitFor } from '../../support/wait-for.js';

interface Story {
  id: string;
  status: string;
  attempts: number;
  provider: string | null;
  next_attempt_at: string | null;
  next: { action: string; at?: string; reason: string; waiting_for?: string; can: string[] };
  history: {
    at: string;
    event: string;
    number?: number;
    outcome?: string | null;
    code?: string;
    class?: string;
    provider?: string;
    duration_ms?: number;
  }[];
}

const HOOK = { type: 'order.shipped', recipient: 'acme', channel: 'webhook', data: {} };
let count = 0;

async function send(app: TestApp, changes: object): Promise<string> {
  const { status, body } = await app.send({ business_id: `story-${count++}`, ...changes });
  expect([status, body]).toEqual([202, expect.anything()]);
  return body.id as string;
}
const storyOf = async (app: TestApp, id: string): Promise<Story> =>
  (await app.request('get', `/v1/notifications/${id}`).expect(200)).body as Story;
const becomes = (app: TestApp, id: string, status: string): Promise<Story> =>
  waitFor(
    async () => {
      const story = await storyOf(app, id);
      return story.status === status ? story : undefined;
    },
    { what: `the status ${status}` },
  );
const cancel = (app: TestApp, id: string) => app.request('post', `/v1/notifications/${id}/cancel`);
const endpointAt = async (app: TestApp, url: string): Promise<string> =>
  (
    await app
      .request('post', '/v1/endpoints')
      .send({ url, types: ['*'] })
      .expect(201)
  ).body.id as string;

describe('the story of what waits', () => {
  let app: TestApp;
  let to: string;
  beforeAll(async () => {
    app = await startApp(); // nobody moves anything
    to = await endpointAt(app, 'https://hooks.example.com/');
  });
  afterAll(() => app.stop());

  it('is read, and listed, though its content cannot be opened', async () => {
    const id = await send(app, { ...HOOK, to });
    await app.pool.query(`UPDATE notifications SET payload = '\\x00' WHERE id = $1`, [
      fromPublicId('notification', id),
    ]);
    expect(await storyOf(app, id)).toMatchObject({ id, to: null, unreadable: true, status: 'accepted' });
    const { body } = await app.request('get', '/v1/notifications?type=order.shipped').expect(200);
    expect((body.items as object[])[0]).toMatchObject({ id, unreadable: true });
  });

  it('says that nobody relays', async () => {
    const story = await storyOf(app, await send(app, { ...HOOK, to }));
    expect(story).toMatchObject({
      status: 'accepted',
      attempts: 0,
      next: { action: 'send', waiting_for: 'outbox', can: ['retry', 'cancel'] },
    });
    expect(story.next.reason).toContain('role relay');
    expect(story.history.map((one) => one.event)).toEqual(['accepted']);
    expect(story.next_attempt_at).not.toBeNull();
  });

  it('says until when a scheduled one waits', async () => {
    const story = await storyOf(app, await send(app, { ...HOOK, to, send_at: '2100-01-01T00:00:00Z' }));
    expect(story).toMatchObject({
      status: 'scheduled',
      next: {
        action: 'send',
        waiting_for: 'schedule',
        at: '2100-01-01T00:00:00.000Z',
        can: ['retry', 'cancel'],
      },
      next_attempt_at: '2100-01-01T00:00:00.000Z',
    });
  });

  it('names whom an ordered one waits behind, until that one is settled', async () => {
    const [first, second] = [
      await send(app, { ...HOOK, to, ordering_key: 'k' }),
      await send(app, { ...HOOK, to, ordering_key: 'k' }),
    ];
    expect((await storyOf(app, first)).next.waiting_for).toBe('outbox');
    const { next } = await storyOf(app, second);
    expect(next).toMatchObject({ waiting_for: 'order', can: ['retry', 'cancel'] });
    expect(next.reason).toContain(first);
    await cancel(app, first).expect(200);
    expect((await storyOf(app, second)).next.waiting_for).toBe('outbox');
  });

  it('is cancelled once, for good, and twice is once', async () => {
    for (const more of [{}, { send_at: '2100-01-01T00:00:00Z' }, { ordering_key: 'c' }]) {
      const id = await send(app, { ...HOOK, to, ...more });
      const { body } = await cancel(app, id).expect(200);
      expect(body).toMatchObject({
        status: 'cancelled',
        next: { action: 'none', can: [] },
        next_attempt_at: null,
      });
      expect((body as Story).history.map((one) => one.event)).toEqual(['accepted', 'cancelled']);
      expect((await cancel(app, id).expect(200)).body).toEqual(body);
    }
    const { rows } = await app.pool.query(
      `SELECT FROM notifications n JOIN outbox o ON o.notification_id = n.id WHERE n.status = 'cancelled'`,
    );
    expect(rows).toHaveLength(0);
  });
});

describe('the story of what is relayed', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ roles: 'api,relay' }); // nobody works
  });
  afterAll(() => app.stop());

  it('names the queue that holds its hint, and can still be cancelled', async () => {
    const id = await send(app, { ...HOOK, to: await endpointAt(app, 'https://hooks.example.com/') });
    const story = await waitFor(
      async () => {
        const seen = await storyOf(app, id);
        return seen.next.waiting_for === 'queue' ? seen : undefined;
      },
      { what: 'its publication' },
    );
    expect(story).toMatchObject({ status: 'accepted', next: { action: 'send', can: ['retry', 'cancel'] } });
    expect(story.next.reason).toContain('webhooks.transactional');
    await cancel(app, id).expect(200);
  });

  it('tells what expired while it waited', async () => {
    const id = await send(app, {
      ...HOOK,
      to: await endpointAt(app, 'https://hooks.example.com/'),
      expires_in: '500ms',
    });
    const story = await becomes(app, id, 'expired');
    expect(story).toMatchObject({
      next: { action: 'none', can: [] },
      history: [{ event: 'accepted' }, { event: 'expired', code: 'too_late' }],
    });
    expect((await cancel(app, id).expect(409)).body.code).toBe('wrong_state');
  });
});

describe('the story of what is sent', () => {
  let app: TestApp;
  let sink: HookSink;
  let smtp: ScriptedSmtp;
  let to: string;
  beforeEach(async () => {
    sink = await HookSink.start();
    smtp = await startScriptedSmtp();
    app = await startApp({
      roles: 'api,relay,worker',
      yaml: `
providers:
  - { name: mail, channel: email, kind: smtp, url: "${smtp.url}", from: "Test <test@posthaste.example>" }
  - { name: webhooks, channel: webhook, kind: http }
`,
    });
    to = await endpointAt(app, sink.url());
  });
  afterEach(async () => {
    await sink.stop(); // ends the calls that hang
    await app.stop();
    await smtp.close();
  });

  it('tells of a delivery, which cannot be cancelled', async () => {
    const id = await send(app, { ...HOOK, to });
    const story = await becomes(app, id, 'delivered');
    expect(story).toMatchObject({
      attempts: 1,
      provider: 'webhooks',
      next_attempt_at: null,
      next: { action: 'none', can: [] },
    });
    expect(story.history).toMatchObject([
      { event: 'accepted' },
      { event: 'attempt', number: 1, provider: 'webhooks', outcome: 'taken', code: 'http_204' },
    ]);
    expect(story.history[1]!.duration_ms).toBeGreaterThanOrEqual(0);
    expect((await cancel(app, id).expect(409)).body.code).toBe('wrong_state');
  });

  it('tells of a mail that its provider took', async () => {
    const id = await send(app, {
      type: 'welcome',
      recipient: 'ada@example.com',
      channel: 'email',
      data: { name: 'Ada' },
    });
    expect(await becomes(app, id, 'sent')).toMatchObject({
      attempts: 1,
      provider: 'mail',
      next: { action: 'none' },
    });
  });

  it('tells of a call under way: too late to cancel, too early to know', async () => {
    sink.answer = () => 'hang';
    const id = await send(app, { ...HOOK, to });
    const story = await becomes(app, id, 'sending');
    expect(story).toMatchObject({
      attempts: 1,
      next: { action: 'wait', waiting_for: 'provider', can: [] },
      history: [{ event: 'accepted' }, { event: 'attempt', outcome: null }],
    });
    expect((await cancel(app, id).expect(409)).body.code).toBe('maybe_sent');
    await waitFor(() => sink.open === 1, { what: 'the call' });
  });

  it('tells of a failure and when it is tried again; it can be cancelled meanwhile', async () => {
    sink.answer = () => 500;
    const id = await send(app, { ...HOOK, to });
    // After the third failure there are four seconds to look and to act.
    const story = await waitFor(
      async () => {
        const seen = await storyOf(app, id);
        return seen.status === 'retrying' && seen.attempts === 3 && seen.next.waiting_for === 'retry_timer'
          ? seen
          : undefined;
      },
      { what: 'the wait after the third failure' },
    );
    expect(story).toMatchObject({
      next: { action: 'retry', at: story.next_attempt_at, can: ['retry', 'cancel'] },
    });
    expect(Date.parse(story.next_attempt_at!)).toBeGreaterThan(Date.parse(story.history[3]!.at));
    expect(story.history.slice(1)).toMatchObject(
      [1, 2, 3].map((number) => ({
        event: 'attempt',
        number,
        outcome: 'deferred',
        code: 'http_500',
      })),
    );
    await cancel(app, id).expect(200);
    expect((await storyOf(app, id)).history.map((one) => one.event)).toEqual([
      'accepted',
      'attempt',
      'attempt',
      'attempt',
      'cancelled',
    ]);
  });

  it('tells of a doubt, which only an operator ends', async () => {
    sink.answer = () => 'drop';
    const id = await send(app, { ...HOOK, to, on_in_doubt: 'park' });
    const story = await becomes(app, id, 'in_doubt');
    expect(story).toMatchObject({
      attempts: 1,
      next: { action: 'review', waiting_for: 'operator', can: ['resolve'] },
    });
    expect(story.history.map((one) => one.event)).toEqual(['accepted', 'attempt', 'in_doubt']);
    expect((await cancel(app, id).expect(409)).body.code).toBe('maybe_sent');
  });

  it('tells of a retry after a doubt, which cannot be cancelled: it may have arrived', async () => {
    sink.answer = () => 'drop';
    const id = await send(app, { ...HOOK, to });
    const story = await waitFor(
      async () => {
        const seen = await storyOf(app, id);
        return seen.status === 'retrying' && seen.next.waiting_for === 'retry_timer' ? seen : undefined;
      },
      { what: 'the wait after a doubt' },
    );
    expect(story.next.can).toEqual(['retry']);
    expect((await cancel(app, id).expect(409)).body.code).toBe('maybe_sent');
    expect((await storyOf(app, id)).history.map((one) => one.event)).not.toContain('cancelled');
  });

  it('tells what was given up, and why', async () => {
    sink.answer = () => 501;
    const id = await send(app, { ...HOOK, to });
    const story = await becomes(app, id, 'dead');
    expect(story).toMatchObject({
      attempts: 1,
      next: { action: 'none', waiting_for: 'operator', can: ['retry'] },
    });
    expect(story.next.reason).toContain('http_501');
    expect(story.history.at(-1)).toMatchObject({ event: 'dead', code: 'http_501', class: 'permanent' });
    expect((await cancel(app, id).expect(409)).body.code).toBe('wrong_state');
  });

  it('tells of a mailbox that does not exist, without its address', async () => {
    smtp.script({ at: 'rcpt', do: { reply: '550 5.1.1 <ada@example.com>: no such user' } });
    const id = await send(app, {
      type: 'welcome',
      recipient: 'ada@example.com',
      channel: 'email',
      data: { name: 'Ada' },
    });
    const story = await becomes(app, id, 'suppressed');
    expect(story.history.at(-1)).toMatchObject({ event: 'suppressed', class: 'suppress' });
    expect(JSON.stringify(story.history)).not.toContain('ada@');
    expect((await cancel(app, id).expect(409)).body.code).toBe('wrong_state');
  });
});
