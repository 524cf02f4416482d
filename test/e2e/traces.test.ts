import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { HookSink } from '../support/hook-sink.js';
import { type CaughtSpan, type OtlpCollector, startOtlpCollector } from '../support/otlp-collector.js';
import { TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const yaml = `
providers:
  - { name: hooks, channel: webhook, kind: http, timeout: 2s, breaker: { minimum: 1000 } }
types:
  order.placed: { retry: { retries: 3, base: 20ms, factor: 1, slow: [] } }
`;
const TRACE = 'c0ffee00c0ffee00c0ffee00c0ffee00';
const CALLER = `00-${TRACE}-00f067aa0ba902b7-01`;
/** Spans leave soon, or not before the process ends. */
const SOON = { OTEL_BSP_SCHEDULE_DELAY: '100' };
const AT_THE_END = { OTEL_BSP_SCHEDULE_DELAY: '600000' };

describe('traces', () => {
  let service: TestService;
  let sink: HookSink;
  let collector: OtlpCollector;
  let endpoint: string;
  let number = 0;

  beforeAll(async () => {
    sink = await HookSink.start();
    service = await TestService.create({ backend: 'postgresql', yaml });
    const first = await service.start('api');
    endpoint = await service.createEndpoint(sink.url());
    first.signal('SIGKILL');
    await first.ended;
  });

  beforeEach(async () => {
    collector = await startOtlpCollector();
    sink.answer = () => 204;
    sink.arrivals.length = 0;
  });

  afterEach(async () => {
    await service.killAll();
    await collector.close();
  });

  afterAll(async () => {
    await service.stop();
    await sink.stop();
  });

  const hook = () => ({
    type: 'order.placed',
    channel: 'webhook',
    recipient: 'ada',
    to: endpoint,
    business_id: `b-${++number}`,
    data: { n: number },
  });
  const post = async (path: string, body: unknown, traceparent?: string): Promise<any> => {
    const answer = await fetch([...service.processes][0]!.url + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${service.apiKey}`,
        'content-type': 'application/json',
        ...(traceparent === undefined ? {} : { traceparent }),
      },
      body: JSON.stringify(body),
    });
    return answer.json();
  };
  const send = async (traceparent?: string): Promise<string> =>
    (await post('/v1/notifications', hook(), traceparent)).id;
  const delivered = (id: string) =>
    waitFor(
      async () => {
        const { body } = await service.request('GET', `/v1/notifications/${id}`);
        return body.status === 'delivered' ? body : undefined;
      },
      { what: `${id} delivered` },
    );
  const spansOf = (id: string, name: string): CaughtSpan[] =>
    collector.spans
      .filter((span) => span.name === name && span.facts['posthaste.notification'] === id)
      .sort((a, b) => Number(a.facts['posthaste.attempt']) - Number(b.facts['posthaste.attempt']));
  const lastCallOf = (id: string, calls: number) =>
    waitFor(() => spansOf(id, 'call provider').length === calls && spansOf(id, 'attempt').length === calls, {
      what: `${calls} calls in the collector`,
    });
  const env = (more: Record<string, string> = SOON) => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    ...more,
  });

  it('makes one trace from the door to the provider: retries are in it, and name the attempt before', async () => {
    await service.start('api', env());
    await service.start('relay', env());
    await service.start('worker', env());
    sink.answer = (_, times) => (times < 3 ? 500 : 204);
    const id = await send(CALLER);
    const story = await delivered(id);
    await lastCallOf(id, 3);

    const [accept] = spansOf(id, 'accept');
    const attempts = spansOf(id, 'attempt');
    const calls = spansOf(id, 'call provider');
    const all = collector.spans.filter((span) => span.traceId === TRACE);
    expect(all.map(({ name }) => name).sort()).toEqual(
      [
        'accept',
        ...Array<string>(3).fill('attempt'),
        ...Array<string>(3).fill('call provider'),
        ...Array<string>(3).fill('wait in outbox'),
        ...Array<string>(3).fill('wait in queue'),
      ].sort(),
    );
    expect(accept!.parentSpanId).toBe('00f067aa0ba902b7');
    expect(new Set(attempts.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([accept!.spanId]));
    expect(attempts.map(({ links }) => links)).toEqual([[], [attempts[0]!.spanId], [attempts[1]!.spanId]]);
    expect(calls.map(({ parentSpanId }) => parentSpanId)).toEqual(attempts.map(({ spanId }) => spanId));
    expect(sink.arrivals.map(({ headers }) => headers['traceparent'])).toEqual(
      calls.map(({ spanId }) => `00-${TRACE}-${spanId}-01`),
    );
    expect(attempts.map(({ facts }) => facts['posthaste.outcome'])).toEqual([
      'deferred',
      'deferred',
      'taken',
    ]);
    expect(story.trace_id).toBe(TRACE);
    const lines = [...service.processes].flatMap((one) => one.output().split('\n'));
    const told = lines.filter((line) => line.includes('"delivery.attempted"') && line.includes(id));
    expect(told.map((line) => JSON.parse(line).trace_id)).toEqual([TRACE, TRACE, TRACE]);
  });

  it('begins a trace where the caller has none, or says nonsense; each of a batch has its own', async () => {
    await service.start('api,relay,worker', env());
    const ids = [
      await send(),
      await send('00-nonsense'),
      await send(`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`),
    ];
    const batch = await post('/v1/notifications/batch', { notifications: [hook(), hook()] });
    ids.push(...batch.results.map((result: { id: string }) => result.id));
    const stories = await Promise.all(ids.map(delivered));
    const traces = stories.map((story) => story.trace_id as string);
    expect(new Set(traces).size).toBe(5);
    await Promise.all(ids.map((id) => lastCallOf(id, 1)));
    expect(ids.map((id) => spansOf(id, 'accept')[0]!.parentSpanId ?? '')).toEqual(['', '', '', '', '']);
    expect(ids.map((id) => spansOf(id, 'attempt')[0]!.traceId)).toEqual(traces);
  });

  it('puts what an event tells into the trace of who posted it', async () => {
    await service.start('api,relay,worker', env());
    await post('/v1/events', { type: 'order.placed', business_id: `e-${++number}`, data: {} }, CALLER);
    await waitFor(() => sink.arrivals.length === 1, { what: 'the event' });
    expect(String(sink.arrivals[0]!.headers['traceparent'])).toContain(TRACE);
  });

  it('follows a caller that does not sample: passed on, and no span sent', async () => {
    await service.start('api,relay,worker', env());
    await delivered(await send(`00-${TRACE}-00f067aa0ba902b7-00`));
    const sampled = await send();
    await delivered(sampled);
    await lastCallOf(sampled, 1);
    expect(String(sink.arrivals[0]!.headers['traceparent'])).toMatch(new RegExp(`^00-${TRACE}-.*-00$`));
    expect(collector.spans.filter(({ traceId }) => traceId === TRACE)).toEqual([]);
  });

  it('passes on what the caller says, as it came, while tracing is off', async () => {
    await service.start('api,relay,worker');
    const story = await delivered(await send(CALLER));
    await delivered(await send('00-nonsense'));
    await delivered(await send());
    expect(sink.arrivals.map(({ headers }) => headers['traceparent'])).toEqual([
      CALLER,
      undefined,
      undefined,
    ]);
    expect(story.trace_id).toBe(TRACE);
    expect(collector.bodies).toEqual([]);
  });

  it.each(['hangs', 'is gone'])('delivers and ends as ever while the collector %s', async (how) => {
    collector.isHanging = how === 'hangs';
    const gone = { ...env(), OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
    const one = await service.start('api,relay,worker', how === 'hangs' ? env() : gone);
    for (const id of await service.sendAll(Array.from({ length: 50 }, hook))) await delivered(id);
    await waitFor(
      async () => {
        const metrics = await (await fetch(`${one.url}/metrics`)).text();
        return /^posthaste_trace_spans_total\{result="lost"\} [1-9]/m.test(metrics);
      },
      { what: 'lost spans in the metrics' },
    );
    one.signal('SIGTERM');
    expect(await one.ended).toBe(0);
    expect(one.output().match(/traces\.not_exported/g)).toHaveLength(1);
  });

  it('sends what it has gathered before it ends', async () => {
    const one = await service.start('api,relay,worker', env(AT_THE_END));
    const id = await send();
    await delivered(id);
    expect(collector.bodies).toEqual([]);
    one.signal('SIGTERM');
    expect(await one.ended).toBe(0);
    expect(spansOf(id, 'call provider')).toHaveLength(1);
  });
});
