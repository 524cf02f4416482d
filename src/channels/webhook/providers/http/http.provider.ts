import { EventEmitter } from 'node:events';

import { Agent, type Dispatcher } from 'undici';

import { failed, type Outcome, taken } from '../../../../domain/outcome.js';
import { fromPublicId } from '../../../../domain/public-id.js';
import type { EndpointDirectory, EndpointTarget } from '../../../../endpoints/endpoint-directory.service.js';
import { MAX_ENDPOINT_CONCURRENCY } from '../../../../endpoints/endpoint.schema.js';
import type { ProviderConfig } from '../../../../platform/config/posthaste-file.js';
import type { AddressFilter } from '../../../../platform/http/address-filter.js';
import { OWN_HEADER } from '../../../../platform/http/own-headers.js';
import { checkWebhookUrl } from '../../../../platform/http/webhook-url.js';
import { VERSION } from '../../../../platform/version.js';
import type { Call, Parcel, Provider, WebhookContent } from '../../../channel.js';
import { networkFaultOf } from '../../../network-errors.js';
import { parseRetryAfterMs } from '../../../retry-after.js';
import { sanitisedDetail } from '../../../sanitised-detail.js';
import { classifyStatus, isSuccess } from '../../classification.js';
import { signatureOf } from '../../signature.js';
import { networkOutcome, refusal } from './network-outcome.js';

const CONNECT_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 30_000;
/** The answer's status is what counts; of its body only the beginning is read, and only for so long. */
const EXCERPT_BYTES = 1_024;
const BODY_DEADLINE_MS = 1_000;
const SWEEP_EVERY_MS = 250;
/** Shorter, and hiding it hides half of what a receiver says. */
const SHORTEST_HIDDEN = 4;
/** A segment of a path that is as long is taken for a secret: `hook` and `v1` are not. */
const SHORTEST_TOKEN = 16;

type CheckedUrl = ReturnType<typeof checkWebhookUrl>;

interface UnderWay {
  signal: EventEmitter;
  /** By the monotonic clock, ms. */
  deadline: number;
  call: Call;
}

/**
 * Webhooks over HTTP/1.1 (Standard Webhooks 1.0): signed, pinned to the address that was checked, redirects not followed,
 * answers read bounded in bytes and time.
 *
 * A total deadline for each call is kept by one sweep over the calls under way: an AbortSignal a call would cost a
 * quarter of the throughput, and the client's own timeouts only bound the gaps between bytes.
 */
export class HttpWebhookProvider implements Provider<WebhookContent> {
  readonly channel = 'webhook';
  readonly kind = 'http';
  readonly name: string;
  private readonly agent: Agent;
  private readonly underWay = new Set<UnderWay>();
  /** The verdict on an endpoint's URL holds as long as what was read of it: the directory reads it anew every few seconds. */
  private readonly checked = new WeakMap<EndpointTarget, CheckedUrl>();
  private readonly sweeper: NodeJS.Timeout;
  private isClosed = false;
  private sweptAt = performance.now();

  constructor(
    private readonly config: ProviderConfig,
    private readonly endpoints: Pick<EndpointDirectory, 'find'>,
    private readonly filter: AddressFilter,
  ) {
    this.name = config.name;
    this.agent = new Agent({
      connect: { lookup: filter.lookup, timeout: CONNECT_TIMEOUT_MS },
      // Several endpoints may share a host, and one may have a cap of its own.
      connections: Math.max(config.perEndpointConcurrency * 4, MAX_ENDPOINT_CONCURRENCY),
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: config.timeoutMs,
      bodyTimeout: BODY_DEADLINE_MS,
      maxHeaderSize: 16_384,
    });
    this.sweeper = setInterval(() => this.cutOverdue(), SWEEP_EVERY_MS).unref();
  }

  /** Brings the endpoint into the directory's cache, where `send` finds it at once. */
  async prepare(parcel: Parcel<WebhookContent>): Promise<void> {
    await this.endpoints.find(fromPublicId('endpoint', parcel.to)!);
  }

  async send(parcel: Parcel<WebhookContent>, call: Call): Promise<Outcome> {
    if (this.isStopping(call)) {
      return failed('not_sent', {
        class: 'lease',
        code: 'process_stopping',
        detail: 'This process is stopping and called nobody.',
        scope: 'message',
      });
    }
    const endpoint = await this.endpoints.find(fromPublicId('endpoint', parcel.to)!);
    if (!endpoint) return refusal('gone', 'endpoint_deleted', 'The endpoint has been deleted.');
    if (!endpoint.isEnabled) return switchedOff();
    const checked = this.check(endpoint);
    if ('fault' in checked) return refusal('permanent', 'address_refused', `The URL ${checked.fault}.`);
    return this.post(checked.url, parcel, endpoint, call);
  }

  async close(): Promise<void> {
    clearInterval(this.sweeper);
    this.isClosed = true;
    await this.agent.destroy();
  }

  private check(endpoint: EndpointTarget): CheckedUrl {
    let checked = this.checked.get(endpoint);
    if (!checked) {
      checked = checkWebhookUrl(endpoint.url, this.filter);
      this.checked.set(endpoint, checked);
    }
    return checked;
  }

  private async post(
    url: URL,
    parcel: Parcel<WebhookContent>,
    endpoint: EndpointTarget,
    call: Call,
  ): Promise<Outcome> {
    const signal = new EventEmitter();
    const deadline = performance.now() + Math.min(this.config.timeoutMs, endpoint.timeoutMs ?? Infinity);
    const entry = { signal, deadline, call };
    this.underWay.add(entry);
    try {
      const answer = await this.agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'POST',
        headers: headersFor(parcel, endpoint, call),
        body: parcel.content.body,
        signal,
      });
      return await this.read(answer, endpoint, call.now());
    } catch (error) {
      return this.isStopping(call) ? cutShort(error) : networkOutcome(error);
    } finally {
      this.underWay.delete(entry);
    }
  }

  /** The status has come: whatever happens to the body changes nothing. */
  private async read(
    { statusCode, headers, body }: Dispatcher.ResponseData,
    endpoint: EndpointTarget,
    now: Date,
  ): Promise<Outcome> {
    if (isSuccess(statusCode)) {
      await body.dump({ limit: EXCERPT_BYTES }).catch(() => undefined);
      return taken(`http_${statusCode}`, `The endpoint answered ${statusCode}.`, { isReceipt: true });
    }
    const excerpt = sanitisedDetail(await readExcerpt(body), hiddenOf(endpoint));
    return classifyStatus(statusCode, excerpt, parseRetryAfterMs(headers['retry-after'], now));
  }

  private isStopping(call: Call): boolean {
    return this.isClosed || call.signal.aborted;
  }

  private cutOverdue(): void {
    const now = performance.now();
    const hasSlept = now - this.sweptAt > 4 * SWEEP_EVERY_MS;
    this.sweptAt = now;
    if (hasSlept) return; // this process stood still: answers may have come meanwhile, and are read before anybody is cut
    for (const { signal, deadline, call } of this.underWay) {
      if (now > deadline || call.signal.aborted) signal.emit('abort');
    }
  }
}

/** What a receiver may say back that is for nobody's eyes: its secrets, its headers, the token that its URL may be. */
function hiddenOf({ url, secrets, signingKeys, headers }: EndpointTarget): string[] {
  const { pathname, search } = new URL(url);
  const segments = pathname.split('/').filter((segment) => segment.length >= SHORTEST_TOKEN);
  const values = [pathname + search, ...segments, ...Object.values(headers)];
  return [...secrets, ...signingKeys, ...values.filter((value) => value.length >= SHORTEST_HIDDEN)];
}

function headersFor(
  { id, content }: Parcel<WebhookContent>,
  endpoint: EndpointTarget,
  call: Call,
): Record<string, string> {
  const timestamp = Math.floor(call.now().getTime() / 1000);
  const own = Object.fromEntries(Object.entries(endpoint.headers).filter(([name]) => !OWN_HEADER.test(name)));
  return {
    ...own,
    'content-type': 'application/json',
    'user-agent': `Posthaste/${VERSION}`,
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatureOf(id, timestamp, content.body, endpoint.secrets, endpoint.signingKeys),
    ...(call.traceparent === undefined ? {} : { traceparent: call.traceparent }),
  };
}

async function readExcerpt(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => body.destroy(), BODY_DEADLINE_MS);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= EXCERPT_BYTES) break;
    }
  } catch {
    // Cut by the deadline or by the other side: what has come is the excerpt.
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString('utf8', 0, Math.min(size, EXCERPT_BYTES));
}

/** Cut from this side: it says nothing about the endpoint. */
function cutShort(error: unknown): Outcome {
  const { kind, code, detail } = networkFaultOf(error);
  return failed(kind, { class: kind === 'in_doubt' ? 'in_doubt' : 'lease', code, detail, scope: 'message' });
}

/** It was claimed while the switch was thrown: it goes back, consumes no try, and waits at the gate like all the others. */
const switchedOff = (): Outcome =>
  failed('not_sent', {
    class: 'lease',
    code: 'endpoint_disabled',
    detail: 'The endpoint is disabled, so nobody was called.',
    scope: 'message',
  });
