import { describe, expect, it } from 'vitest';

import { type Figures, figuresOf } from '../../../src/overview/figures.js';
import { meterFigures } from '../../../src/overview/meter-figures.js';
import { HeldGates } from '../../../src/gates/held-gates.js';
import { Gauges } from '../../../src/platform/metrics/gauges.js';

const NOW = new Date('2026-11-22T10:00:00Z');
const secondsAgo = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1000);
const hold = (kind: 'provider' | 'endpoint', key: string, heldBy: 'breaker' | 'disabled') => ({
  ...{ kind, key, heldBy },
  until: undefined,
  since: NOW,
  detail: null,
});

const figures: Figures = figuresOf({
  now: NOW,
  lanes: [{ channel: 'email', lane: 'bulk', due: 7, oldestDueAt: secondsAgo(90), accepted: 0 }],
  queues: [{ queue: 'mail.bulk', published: 3, oldestPublishedAt: secondsAgo(2) }],
  causes: [
    { status: 'dead', channel: 'email', provider: 'mail', class: 'permanent', count: 4, oldestAt: NOW },
    {
      status: 'in_doubt',
      channel: 'sms',
      provider: 'texts',
      class: 'in_doubt',
      count: 1,
      oldestAt: secondsAgo(60),
    },
  ],
  gates: new HeldGates(
    [
      hold('provider', 'mail', 'breaker'),
      hold('endpoint', 'one', 'disabled'),
      hold('endpoint', 'two', 'disabled'),
    ],
    [],
  ),
  breakers: ['open', 'open', 'closed'].map((state, i) => ({
    provider: 'mail',
    processId: String(i),
    state: state as 'open' | 'closed',
    changedAt: NOW,
  })),
  alerts: [{ kind: 'channel_down', severity: 'critical', count: 1 }],
  processes: [['api', 'relay'], ['relay']].map((roles, i) => ({
    ...{ id: String(i), roles, host: 'here', pid: i, version: '1', startedAt: NOW },
  })),
});

const shown = async (gauges: Gauges): Promise<string[]> =>
  (await gauges.text()).split('\n').filter((line) => !line.startsWith('#') && line !== '');

describe('the figures of PostgreSQL in the metrics', () => {
  it('are shown by channel, lane, queue, provider; endpoints are counted, not named', async () => {
    const gauges = new Gauges();
    meterFigures(gauges, async () => ({ content: figures, takenAt: NOW, ageMs: 0 }));
    expect(await shown(gauges)).toEqual(
      expect.arrayContaining([
        'posthaste_outbox_due{channel="email",lane="bulk"} 7',
        'posthaste_outbox_oldest_due_seconds{channel="email",lane="bulk"} 90',
        'posthaste_queue_hints{queue="mail.bulk"} 3',
        'posthaste_queue_oldest_hint_seconds{queue="mail.bulk"} 2',
        'posthaste_dead_letters{channel="email",provider="mail",class="permanent"} 4',
        'posthaste_in_doubt{channel="sms",provider="texts"} 1',
        'posthaste_in_doubt_oldest_seconds{channel="sms",provider="texts"} 60',
        'posthaste_provider_held{provider="mail",held_by="breaker"} 1',
        'posthaste_gates_held{kind="endpoint",held_by="disabled"} 2',
        'posthaste_breakers{provider="mail",state="open"} 2',
        'posthaste_alerts_open{kind="channel_down",severity="critical"} 1',
        'posthaste_processes{role="relay"} 2',
        `posthaste_standing_timestamp_seconds ${NOW.getTime() / 1000}`,
      ]),
    );
  });

  it('are asked for once by many scrapes', async () => {
    const gauges = new Gauges();
    let asked = 0;
    meterFigures(gauges, async () => (asked++, { content: figures, takenAt: NOW, ageMs: 0 }));
    await Promise.all([gauges.text(), gauges.text(), gauges.text()]);
    await gauges.text();
    expect(asked).toBe(1);
  });

  it('are left out when they are old, and their age is still told', async () => {
    const gauges = new Gauges();
    meterFigures(gauges, async () => ({ content: figures, takenAt: NOW, ageMs: 61_000 }));
    const lines = await shown(gauges);
    expect(lines.filter((line) => line.startsWith('posthaste_outbox_due'))).toEqual([]);
    expect(lines).toContain(`posthaste_standing_timestamp_seconds ${NOW.getTime() / 1000}`);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('PostgreSQL is away'))],
    ['never answers', () => new Promise<never>(() => undefined)],
  ])('keep nobody from the others when PostgreSQL %s', async (_how, read) => {
    const gauges = new Gauges();
    meterFigures(gauges, read);
    const lines = await shown(gauges);
    expect(lines.some((line) => line.startsWith('posthaste_build_info'))).toBe(true);
    expect(lines.some((line) => line.startsWith('posthaste_outbox_due'))).toBe(false);
  });
});
