import { describe, expect, it } from 'vitest';

import { fromPublicId, ID_PREFIXES, toPublicId } from '../../../src/domain/public-id.js';
import { DEFAULT_RETRY, jittered, quickDelayMs, slowDelayMs } from '../../../src/domain/retry-policy.js';
import {
  isUndelivered,
  isWaiting,
  mayBecome,
  STATUSES,
  TRANSITIONS,
  UNDELIVERED,
  WAITING,
} from '../../../src/domain/status.js';

describe('public ids', () => {
  // github.com/jetify-com/typeid/blob/main/spec/valid.yml
  it.each([
    ['00000000-0000-0000-0000-000000000000', '00000000000000000000000000'],
    ['00000000-0000-0000-0000-000000000001', '00000000000000000000000001'],
    ['00000000-0000-0000-0000-00000000000a', '0000000000000000000000000a'],
    ['00000000-0000-0000-0000-000000000010', '0000000000000000000000000g'],
    ['00000000-0000-0000-0000-000000000020', '00000000000000000000000010'],
    ['ffffffff-ffff-ffff-ffff-ffffffffffff', '7zzzzzzzzzzzzzzzzzzzzzzzzz'],
    ['0110c853-1d09-52d8-d73e-1194e95b5f19', '0123456789abcdefghjkmnpqrs'],
    ['01890a5d-ac96-774b-bcce-b302099a8057', '01h455vb4pex5vsknk084sn02q'],
  ])('%s is %s, and back', (uuid, suffix) => {
    expect(toPublicId('notification', uuid)).toBe(`ntf_${suffix}`);
    expect(fromPublicId('notification', `ntf_${suffix}`)).toBe(uuid);
  });

  // github.com/jetify-com/typeid/blob/main/spec/invalid.yml
  it.each([
    'ntf_8zzzzzzzzzzzzzzzzzzzzzzzzz',
    'ntf_',
    'ntf',
    '',
    'ntf_0123456789abcdefghjkmnpqr',
    'ntf_0123456789abcdefghjkmnpqrst',
    'NTF_00000000000000000000000000',
    'ntf_0123456789ABCDEFGHJKMNPQRS',
    'ntf_ooooooiiiiiiuuuuuuulllllll',
    'ntf-00000000000000000000000000',
    'ntf_0000000000000000000000000 ',
    ' ntf_00000000000000000000000000',
    '_00000000000000000000000000',
    'ep_00000000000000000000000000',
    'ntf_ntf_00000000000000000000000000',
    'ntf_1234567890123456789012345-',
    "ntf_'; DROP TABLE x",
    'ntf_00000000000000000000000000\n',
  ])('%j is none', (text) => {
    expect(fromPublicId('notification', text)).toBeUndefined();
  });

  it('keeps kinds apart, and the order of UUIDs', () => {
    const uuids = Array.from({ length: 500 }, () => crypto.randomUUID()).sort();
    const ids = uuids.map((uuid) => toPublicId('event', uuid));
    expect([...ids].sort()).toEqual(ids);
    expect(ids.map((id) => fromPublicId('event', id))).toEqual(uuids);
    expect(new Set(Object.values(ID_PREFIXES)).size).toBe(Object.keys(ID_PREFIXES).length);
  });
});

describe('statuses', () => {
  it('have a way out exactly where the design says so', () => {
    expect(STATUSES.filter((status) => TRANSITIONS[status].length === 0)).toEqual([
      'suppressed',
      'expired',
      'cancelled',
      'discarded',
    ]);
    expect(Object.keys(TRANSITIONS).sort()).toEqual([...STATUSES].sort());
  });

  it('are reached, each of them, from where a notification begins', () => {
    const reached = new Set<string>(['accepted', 'scheduled']);
    for (let size = 0; size !== reached.size;) {
      size = reached.size;
      for (const from of STATUSES) if (reached.has(from)) TRANSITIONS[from].forEach((to) => reached.add(to));
    }
    expect(reached).toEqual(new Set(STATUSES));
  });

  it('never lead back to the beginning, never from one to itself, and never out of the hands of who holds it', () => {
    for (const from of STATUSES) {
      expect(mayBecome(from, 'accepted') || mayBecome(from, 'scheduled') || mayBecome(from, from)).toBe(
        false,
      );
      // A call begins only from the outbox; a call is cancelled by nobody.
      expect(mayBecome(from, 'sending')).toBe(isWaiting(from));
      expect(mayBecome(from, 'cancelled')).toBe(isWaiting(from));
    }
    expect(mayBecome('sending', 'cancelled')).toBe(false);
    expect(mayBecome('delivered', 'sent')).toBe(false);
  });

  it('are waiting, undelivered or neither, never both', () => {
    for (const status of STATUSES) expect(isWaiting(status) && isUndelivered(status)).toBe(false);
    expect(STATUSES.filter((one) => !isWaiting(one) && !isUndelivered(one))).toEqual([
      'sending',
      'sent',
      'delivered',
    ]);
    expect(STATUSES.length).toBe(WAITING.length + UNDELIVERED.length + 3);
  });
});

describe('retry delays', () => {
  it('are 1, 2, 4, 8, 16 s, then the slow schedule to its last step', () => {
    const policy = DEFAULT_RETRY.webhook;
    expect([1, 2, 3, 4, 5].map((retry) => quickDelayMs(policy, retry))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000,
    ]);
    expect([1, 2, 3, 4, 5, 6, 7, 99].map((step) => slowDelayMs(policy, step)! / 60_000)).toEqual([
      5, 30, 120, 300, 600, 600, 600, 600,
    ]);
    expect(slowDelayMs({ ...policy, slowMs: [] }, 1)).toBeUndefined();
  });

  it('stay within their cap and their jitter', () => {
    expect(quickDelayMs({ ...DEFAULT_RETRY.email, factor: 10, capMs: 60_000 }, 50)).toBe(60_000);
    for (let i = 0; i < 1_000; i++) {
      const delay = jittered(10_000, 0.2, i / 1_000);
      expect(delay).toBeGreaterThanOrEqual(8_000);
      expect(delay).toBeLessThanOrEqual(12_000);
    }
  });

  it('end at each channel’s own deadline', () => {
    expect(
      [DEFAULT_RETRY.webhook, DEFAULT_RETRY.email, DEFAULT_RETRY.sms].map(
        (one) => one.deadlineMs / 3_600_000,
      ),
    ).toEqual([72, 24, 1]);
  });
});
