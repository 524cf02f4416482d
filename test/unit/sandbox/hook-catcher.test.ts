import { Webhook } from 'standardwebhooks';
import { beforeEach, describe, expect, it } from 'vitest';

import { HookCatcher, type HookCall } from '../../../src/sandbox/hook-catcher.js';
import { FaultsInMemory, KeptInMemory } from './in-memory.js';

const URL = 'http://127.0.0.1:3000/sandbox/hooks/demo';
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const OLD_SECRET = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const ID = 'ntf_01jcz5m8q4e2r8t0v2w4x6y8za';
const NOW = new Date('2026-11-22T09:00:00Z');
const BODY = '{"type":"invoice.paid","timestamp":"2026-11-22T09:00:00Z","data":{"total":"12.00 EUR"}}';

describe('the webhook catcher', () => {
  const kept = new KeptInMemory();
  const faults = new FaultsInMemory();
  const catcher = new HookCatcher(
    kept,
    faults,
    async (url) => (url === URL ? [OLD_SECRET, SECRET] : []),
    () => NOW,
  );

  beforeEach(() => {
    kept.arrivals.length = 0;
    faults.next.length = 0;
  });

  const call = (
    more: { body?: string; secret?: string; at?: Date; url?: string; unsigned?: boolean } = {},
  ): HookCall => {
    const at = more.at ?? NOW;
    const headers: [string, string][] = [
      ['content-type', 'application/json'],
      ['webhook-id', ID],
      ['webhook-timestamp', String(at.getTime() / 1_000)],
    ];
    if (!more.unsigned)
      headers.push(['webhook-signature', new Webhook(more.secret ?? SECRET).sign(ID, at, BODY)]);
    return { name: 'demo', url: more.url ?? URL, headers, body: more.body ?? BODY };
  };
  const verdict = async (one: HookCall) => {
    await catcher.catch(one);
    return (kept.arrivals.at(-1)!.parsed as { signature: string }).signature;
  };

  it('says yes, and keeps body, headers and whose delivery it is', async () => {
    expect(await catcher.catch(call())).toMatchObject({ kind: 'answer', status: 200 });
    expect(kept.arrivals).toMatchObject([
      { channel: 'webhook', to: 'demo', subject: 'invoice.paid', raw: BODY, notificationId: ID, fault: null },
    ]);
    expect(kept.arrivals[0]!.headers).toContainEqual(['webhook-id', ID]);
  });

  it('verifies what a reference implementation signed, with any live secret', async () => {
    expect(await verdict(call())).toBe('valid');
    expect(await verdict(call({ secret: OLD_SECRET }))).toBe('valid');
  });

  it('tells apart what is wrong with a signature', async () => {
    expect(await verdict(call({ body: BODY.replace('12.00', '0.01') }))).toBe('invalid');
    expect(await verdict(call({ unsigned: true }))).toBe('missing');
    expect(await verdict(call({ at: new Date(NOW.getTime() - 301_000) }))).toBe('expired');
    expect(await verdict(call({ url: `${URL}-unknown` }))).toBe('no_endpoint');
  });

  it.each([
    ['reject', 400, undefined],
    ['defer', 503, undefined],
    ['throttle', 429, '5'],
  ] as const)('answers %s with %i and keeps nothing', async (fault, status, retryAfter) => {
    faults.next.push(fault);
    const answer = await catcher.catch(call());
    expect(answer).toMatchObject({ kind: 'answer', status });
    expect(answer.kind === 'answer' && answer.headers['retry-after']).toBe(retryAfter);
    expect(kept.arrivals).toEqual([]);
  });

  it('leaves the two doubts apart: a hang took nothing, a drop took everything', async () => {
    faults.next.push('hang', 'drop_after_body');
    expect(await catcher.catch(call())).toEqual({ kind: 'hang' });
    expect(kept.arrivals).toEqual([]);
    expect(await catcher.catch(call())).toEqual({ kind: 'drop' });
    expect(kept.arrivals).toMatchObject([{ fault: 'drop_after_body' }]);
  });

  it.each(['', 'no json', 'null', '[[['])('keeps a body that is %j', async (body) => {
    await catcher.catch(call({ body }));
    expect(kept.arrivals).toMatchObject([{ raw: body, subject: null }]);
  });
});
