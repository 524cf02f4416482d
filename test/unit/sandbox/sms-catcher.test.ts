import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { SmsParts } from '../../../src/sandbox/arrival.js';
import { SmsCatcher } from '../../../src/sandbox/sms-catcher.js';
import { FaultsInMemory, KeptInMemory } from './in-memory.js';

describe('the SMS catcher', () => {
  const kept = new KeptInMemory();
  const faults = new FaultsInMemory();
  let catcher: SmsCatcher;
  let port: number;

  beforeEach(async () => {
    kept.arrivals.length = 0;
    kept.fault = undefined;
    faults.next.length = 0;
    catcher = new SmsCatcher(kept, faults, () => new Date('2026-11-22T09:00:00Z'));
    port = await catcher.start();
  });
  afterEach(() => catcher.stop());

  const path = (sid = catcher.credentials.accountSid) => `/2010-04-01/Accounts/${sid}/Messages.json`;
  const basic = (sid: string, token: string) => `Basic ${Buffer.from(`${sid}:${token}`).toString('base64')}`;
  const post = (
    form: Record<string, string>,
    more: { path?: string; headers?: object; signal?: AbortSignal } = {},
  ) =>
    fetch(`http://127.0.0.1:${port}${more.path ?? path()}`, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: {
        authorization: basic(catcher.credentials.accountSid, catcher.credentials.authToken),
        ...more.headers,
      },
      ...(more.signal ? { signal: more.signal } : {}),
    });
  const SMS = { To: '+14155550123', From: '+15005550006', Body: 'Your code is 123456' };

  it('answers 201 in the shape of Twilio and keeps the SMS', async () => {
    const response = await post(SMS);
    expect(response.status).toBe(201);
    const body = (await response.json()) as { sid: string };
    expect(body).toMatchObject({
      sid: expect.stringMatching(/^SM[0-9a-f]{32}$/),
      account_sid: catcher.credentials.accountSid,
      status: 'queued',
      num_segments: '1',
      direction: 'outbound-api',
      date_created: 'Sun, 22 Nov 2026 09:00:00 +0000',
      to: SMS.To,
      error_code: null,
    });
    expect(kept.arrivals).toMatchObject([
      {
        channel: 'sms',
        to: SMS.To,
        parsed: { sid: body.sid, body: SMS.Body, segments: 1, encoding: 'GSM-7' },
      },
    ]);
  });

  it('counts segments as the network does', async () => {
    await post({ ...SMS, Body: '✓'.repeat(71) });
    expect(kept.arrivals[0]!.parsed as SmsParts).toMatchObject({ segments: 2, encoding: 'UCS-2' });
  });

  it('shows its credentials to nobody', async () => {
    await post(SMS);
    expect(JSON.stringify(kept.arrivals)).not.toContain(
      basic(catcher.credentials.accountSid, catcher.credentials.authToken),
    );
  });

  it.each([
    [{ headers: { authorization: '' } }, 401, 20003],
    [{ headers: { authorization: basic('AC1', 'wrong') } }, 401, 20003],
    [{ path: '/2010-04-01/Accounts/ACother/Messages.json' }, 401, 20003],
    [{ path: '/2010-04-01/Calls.json' }, 404, 20404],
  ])('refuses at the door: %j', async (more, status, code) => {
    const response = await post(SMS, more);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      code,
      status,
      more_info: `https://www.twilio.com/docs/errors/${code}`,
    });
    expect(kept.arrivals).toEqual([]);
  });

  it.each([
    [{ To: '' }, 21604],
    [{ To: 'ada' }, 21211],
    [{ From: '' }, 21603],
    [{ Body: '' }, 21602],
    [{ Body: 'x'.repeat(1_601) }, 21617],
  ])('refuses a form that Twilio would refuse: %j', async (wrong, code) => {
    const response = await post({ ...SMS, ...wrong });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code });
  });

  it('refuses a form that is too long', async () => {
    const response = await post({ ...SMS, Body: 'x'.repeat(70_000) });
    expect(response.status).toBe(413);
  });

  it.each([
    ['reject', 400, 21211, null],
    ['defer', 429, 21611, null],
    ['throttle', 429, 20429, '5'],
  ] as const)('answers %s with %i, code %i, once', async (fault, status, code, retryAfter) => {
    faults.next.push(fault);
    const response = await post(SMS);
    expect(response.status).toBe(status);
    expect(response.headers.get('retry-after')).toBe(retryAfter);
    expect(await response.json()).toMatchObject({ code, status });
    expect(kept.arrivals).toEqual([]);
    expect((await post(SMS)).status).toBe(201);
  });

  it('says nothing at all when it hangs, and keeps nothing', async () => {
    faults.next.push('hang');
    await expect(post(SMS, { signal: AbortSignal.timeout(200) })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    expect(kept.arrivals).toEqual([]);
  });

  it('keeps the SMS and cuts the connection when it drops after the body', async () => {
    faults.next.push('drop_after_body');
    await expect(post(SMS)).rejects.toThrow('fetch failed');
    expect(kept.arrivals).toMatchObject([{ to: SMS.To, fault: 'drop_after_body' }]);
  });

  it('answers 500 when the SMS could not be kept', async () => {
    kept.fault = new Error('the database is gone');
    const response = await post(SMS);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ code: 20500 });
  });

  it('cuts what hangs when it stops', async () => {
    faults.next.push('hang');
    const call = post(SMS).catch((error: unknown) => error);
    await expect.poll(() => faults.next.length).toBe(0);
    await catcher.stop();
    expect(await call).toBeInstanceOf(TypeError);
  });
});
