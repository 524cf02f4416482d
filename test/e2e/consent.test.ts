import { existsSync } from 'node:fs';

import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { type ScriptedHttp, startScriptedHttp } from '../support/scripted-http.js';
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.js';
import { BACKENDS, TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const PUBLIC_URL = 'https://notify.example/mail';

/** A time of day so many hours from now, UTC. */
const timeOfDay = (hours: number): string =>
  new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);

const yaml = (smtp: string, twilio: string) => `
providers:
  - { name: mail, channel: email, kind: smtp, url: "${smtp}", from: "Acme <no-reply@acme.example>", timeout: 2s, answer_timeout: 1s }
  - { name: texts, channel: sms, kind: twilio, account_sid: "AC00000000000000000000000000000001", auth_token: secret-token, base_url: "${twilio}", from: "+15005550006", timeout: 1s }
types:
  night.owl: { channel: email, template: welcome, quiet_hours: { from: "${timeOfDay(-2)}", to: "${timeOfDay(4)}" } }
`;

describe.each(BACKENDS)('what recipients want (%s)', (backend) => {
  let service: TestService;
  let smtp: ScriptedSmtp;
  let twilio: ScriptedHttp;
  let number = 0;

  beforeAll(async () => {
    smtp = await startScriptedSmtp();
    twilio = await startScriptedHttp({
      healthy: () => ({
        status: 201,
        headers: { 'content-type': 'application/json' },
        body: '{"sid":"SM1"}',
      }),
    });
    service = await TestService.create({
      backend,
      yaml: yaml(smtp.url, twilio.url),
      env: { PUBLIC_URL },
    });
    await service.start();
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await Promise.all([smtp.close(), twilio.close()]);
  });
  beforeEach(() => service.pool.query('TRUNCATE suppressions, suppression_strikes'));

  const send = async (more: object = {}, status = 'accepted') => {
    const answer = await service.request('POST', '/v1/notifications', {
      type: 'welcome',
      channel: 'email',
      recipient: 'ada@example.com',
      business_id: `b-${++number}`,
      data: { name: 'Ada' },
      ...more,
    });
    expect([answer.status, answer.body.status], JSON.stringify(answer.body)).toEqual([202, status]);
    return answer.body.id as string;
  };
  const story = async (id: string) => (await service.request('GET', `/v1/notifications/${id}`)).body;
  const reaches = (id: string, status: string) =>
    waitFor(
      async () => {
        const now = await story(id);
        return now.status === status ? now : undefined;
      },
      { what: `${id} ${status}` },
    );
  const suppressions = async () => (await service.request('GET', '/v1/suppressions')).body.items;
  const mailOf = (id: string) => smtp.messages.filter(({ raw }) => raw.includes(`<${id}.`));
  const tokenIn = (raw: string): string =>
    /^List-Unsubscribe: <https:\/\/notify\.example\/mail\/v1\/unsubscribe\/([\w-]+)>\r?$/m.exec(raw)![1]!;
  const unsubscribe = (token: string, init: RequestInit = {}) =>
    fetch(`${[...service.processes][0]!.url}/v1/unsubscribe/${token}`, init);
  const oneClick: RequestInit = {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'List-Unsubscribe=One-Click',
  };
  const bulkMail = async () => {
    const id = await send({ lane: 'bulk' });
    await reaches(id, 'sent');
    return mailOf(id)[0]!.raw;
  };

  it('carries both headers in bulk mail and the link in its letter, and in no other mail', async () => {
    const raw = await bulkMail();
    const token = tokenIn(raw);
    expect(raw).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r?$/m);
    expect(raw.replace(/=\r?\n/g, '')).toContain(`Unsubscribe: ${PUBLIC_URL}/v1/unsubscribe/${token}`);
    const id = await send();
    await reaches(id, 'sent');
    expect(mailOf(id)[0]!.raw).not.toMatch(/unsubscribe/i);
  });

  it('ends a type by one POST, by no GET, and twice is once', async () => {
    const token = tokenIn(await bulkMail());
    for (const method of ['GET', 'HEAD', 'GET']) {
      expect((await unsubscribe(token, { method })).status).toBe(200);
    }
    expect(await suppressions()).toEqual([]);
    const answers = [await unsubscribe(token, oneClick), await unsubscribe(token, oneClick)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await answers[0]!.text()).toBe(await answers[1]!.text());
    expect(answers[0]!.headers.get('set-cookie')).toBeNull();
    expect(await suppressions()).toEqual([
      expect.objectContaining({
        address: 'ada@example.com',
        reason: 'unsubscribe',
        type: 'welcome',
        source: 'one_click',
      }),
    ]);
    const id = await send({ lane: 'bulk' }, 'suppressed');
    expect((await story(id)).next.reason).toContain('the recipient has unsubscribed');
    await reaches(
      await send({ type: 'password.reset', data: { name: 'Ada', reset_url: 'https://a.example' } }),
      'sent',
    );
  });

  it('takes the form that RFC 8058 prefers, and none at all', async () => {
    const token = tokenIn(await bulkMail());
    const form = new FormData();
    form.set('List-Unsubscribe', 'One-Click');
    expect((await unsubscribe(token, { method: 'POST', body: form })).status).toBe(200);
    expect((await unsubscribe(token, { method: 'POST' })).status).toBe(200);
    expect(await suppressions()).toHaveLength(1);
  });

  it('knows no token but its own, and no other form anywhere', async () => {
    const token = tokenIn(await bulkMail());
    const forged = (token[0] === 'A' ? 'B' : 'A') + token.slice(1);
    for (const hostile of [
      forged,
      `${token}x`,
      token.slice(1),
      'x',
      '%00',
      '..%2fnotifications',
      'A'.repeat(2000),
    ]) {
      for (const method of ['GET', 'POST']) {
        const { status } = await unsubscribe(hostile, { method });
        expect([400, 404, 414], `${method} ${hostile.slice(0, 20)}`).toContain(status);
      }
    }
    expect((await unsubscribe(token, { ...oneClick, body: 'x'.repeat(5000) })).status).toBe(413);
    expect(await suppressions()).toEqual([]);
    const elsewhere = await fetch(`${[...service.processes][0]!.url}/v1/notifications`, {
      ...oneClick,
      headers: { ...oneClick.headers, authorization: `Bearer ${service.apiKey}` },
    });
    expect(elsewhere.status).toBe(415);
  });

  it('sends nothing to an address that joined the list after it was accepted', async () => {
    await service.request('POST', '/v1/admin/providers/mail/pause', {});
    const ids = await Promise.all(Array.from({ length: 5 }, () => send({ recipient: 'late@example.com' })));
    const other = await send();
    await service.request('POST', '/v1/suppressions', { channel: 'email', address: 'late@example.com' });
    await service.request('POST', '/v1/admin/providers/mail/resume', {});
    for (const id of ids) {
      const told = await reaches(id, 'suppressed');
      expect(told).toMatchObject({ attempts: 0, next: { action: 'none' } });
      expect(told.history.at(-1)).toMatchObject({ event: 'suppressed', code: 'suppression_manual' });
    }
    await reaches(other, 'sent');
    expect(ids.flatMap(mailOf)).toEqual([]);
  });

  it('puts an address that does not exist on the list with the outcome, and writes to it no more', async () => {
    smtp.script({ at: 'rcpt', do: { reply: '550 5.1.1 No such user' } });
    const id = await send({ recipient: 'nobody@example.com' });
    await reaches(id, 'suppressed');
    expect(await suppressions()).toEqual([
      expect.objectContaining({
        address: 'nobody@example.com',
        reason: 'hard_bounce',
        source: 'provider mail',
        notification_id: id,
        type: null,
      }),
    ]);
    await send({ recipient: 'nobody@example.com' }, 'suppressed');
  });

  it('gives up a full mailbox at the third notification', async () => {
    for (let i = 1; i <= 3; i++) {
      smtp.script({ at: 'rcpt', do: { reply: '552 5.2.2 Mailbox full' } });
      await reaches(await send({ recipient: 'full@example.com' }), 'dead');
      expect(await suppressions()).toHaveLength(i < 3 ? 0 : 1);
    }
    await send({ recipient: 'full@example.com' }, 'suppressed');
  });

  it('keeps a STOP that Twilio knows of', async () => {
    twilio.script({
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        code: 21610,
        message: 'Attempt to send to unsubscribed recipient',
        status: 400,
      }),
    });
    const text = { type: 'otp.code', channel: 'sms', recipient: '+491701234567', data: { code: '123456' } };
    await reaches(await send(text), 'suppressed');
    const [stop] = await suppressions();
    expect(stop).toMatchObject({ channel: 'sms', address: '+491701234567', reason: 'stop' });
    expect((await service.request('DELETE', `/v1/suppressions/${stop.id}`)).status).toBe(409);
    await send(text, 'suppressed');
  });

  it('waits for the end of quiet hours, and an operator’s hurry does not break them', async () => {
    const id = await send({ type: 'night.owl' }, 'scheduled');
    const { next } = await story(id);
    expect(next).toMatchObject({ action: 'send', waiting_for: 'schedule' });
    expect(next.reason).toContain('quiet hours');
    const { body } = await service.request('POST', `/v1/admin/notifications/${id}/retry`, {});
    expect(body.status, JSON.stringify(body)).toBe('scheduled');
    const told = await reaches(id, 'retrying');
    expect(told.history.at(-1)).toMatchObject({ outcome: 'not_sent', code: 'quiet_hours', class: 'quiet' });
    expect(told.next).toMatchObject({ waiting_for: 'schedule' });
    const laterMs = Date.parse(told.next.at) - Date.parse(next.at);
    expect(laterMs).toBeGreaterThanOrEqual(0); // never earlier, by some ms later
    expect(laterMs).toBeLessThan(60_000);
    expect(mailOf(id)).toEqual([]);
    const { rows } = await service.pool.query(
      `SELECT tries, deadline_at > created_at + interval '27 hours' AS moved FROM notifications WHERE status = 'retrying'`,
    );
    expect(rows).toEqual([{ tries: 0, moved: true }]);
  });

  it('goes by the recipient’s own clock', async () => {
    // Quiet for six hours around now in UTC; twelve hours away it is not.
    const away = new Date().getUTCHours() < 12 ? 'Etc/GMT-12' : 'Etc/GMT+12';
    await reaches(await send({ type: 'night.owl', time_zone: away }), 'sent');
    const answer = await service.request('POST', '/v1/notifications', {
      type: 'night.owl',
      recipient: 'ada@example.com',
      business_id: 'nowhere',
      data: { name: 'Ada' },
      time_zone: 'Mars/Olympus',
    });
    expect([answer.status, answer.body.errors]).toEqual([
      400,
      [expect.objectContaining({ path: '/time_zone' })],
    ]);
  });

  describe.runIf(existsSync(CHROMIUM))('the page', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    });
    afterAll(() => browser.close());

    it.each([
      ['light', 1200],
      ['dark', 320],
    ] as const)(
      'asks, is answered by its button, and says what has ended (%s, %d px)',
      async (scheme, width) => {
        const token = tokenIn(await bulkMail());
        const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: scheme });
        const complaints: string[] = [];
        page.on('console', (line) => line.type() === 'error' && complaints.push(line.text()));
        await page.goto(`${[...service.processes][0]!.url}/v1/unsubscribe/${token}`);
        await page.getByRole('heading', { name: 'Unsubscribe?' }).waitFor();
        expect(await page.locator('main').innerText()).toContain('welcome to a•••@example.com');
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
        expect(await suppressions()).toEqual([]);
        await page.keyboard.press('Tab');
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { name: 'You are unsubscribed' }).waitFor();
        expect(await page.getByRole('status').innerText()).toContain('a•••@example.com');
        expect(await suppressions()).toHaveLength(1);
        expect(complaints).toEqual([]);
        if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/${scheme}.png` });
        await page.close();
      },
    );
  });
});
