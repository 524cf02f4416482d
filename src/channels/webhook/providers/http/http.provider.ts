import { Agent } from 'undici';

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
import { type Answer, Exchange } from './exchange.js';
import { networkOutcome, refusal } from './network-outcome.js';

const CONNECT_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 30_000;
/** The answer's status is what counts; of its body only the beginning is read, and only for so long. */
const BODY_DEADLINE_MS = 1_000;
const SWEEP_EVERY_MS = 250;
/** Shorter, and hiding it hides half of what a receiver says. */
const SHORTEST_HIDDEN = 4;
/** A segment of a path that is as long is taken for a secret: `hook` and `v1` are not. */
const SHORTEST_TOKEN = 16;

/** An endpoint as it is called: what is the same for each call, made once. */
interface Target {
  origin: string;
  path: string;
  /** Names and values in turn. */
  headers: readonly string[];
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
  private readonly underWay = new Map<Exchange, Call>();
  /** The verdict on an endpoint's URL holds as long as what was read of it: the directory reads it anew every few seconds. */
  private readonly checked = new WeakMap<EndpointTarget, Target | { fault: string }>();
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
  prepare(parcel: Parcel<WebhookContent>): Promise<unknown> | undefined {
    const endpoint = this.endpoints.find(fromPublicId('endpoint', parcel.to)!);
    return endpoint instanceof Promise ? endpoint : undefined;
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
    const target = this.targetOf(endpoint);
    if ('fault' in target) return refusal('permanent', 'address_refused', `The URL ${target.fault}.`);
    return this.post(target, parcel, endpoint, call);
  }

  async close(): Promise<void> {
    clearInterval(this.sweeper);
    this.isClosed = true;
    await this.agent.destroy();
  }

  private targetOf(endpoint: EndpointTarget): Target | { fault: string } {
    let target = this.checked.get(endpoint);
    if (!target) {
      const checked = checkWebhookUrl(endpoint.url, this.filter);
      target = 'fault' in checked ? checked : targetAt(checked.url, endpoint);
      this.checked.set(endpoint, target);
    }
    return target;
  }

  private async post(
    { origin, path, headers }: Target,
    parcel: Parcel<WebhookContent>,
    endpoint: EndpointTarget,
    call: Call,
  ): Promise<Outcome> {
    const timeoutMs = Math.min(this.config.timeoutMs, endpoint.timeoutMs ?? Infinity);
    const exchange = new Exchange(performance.now() + timeoutMs, BODY_DEADLINE_MS);
    this.underWay.set(exchange, call);
    try {
      const { body } = parcel.content;
      const signed = [...headers, ...headersFor(parcel, endpoint, call)];
      this.agent.dispatch({ origin, path, method: 'POST', headers: signed, body }, exchange);
      return outcomeOf(await exchange.answer, endpoint, call);
    } catch (error) {
      return this.isStopping(call) ? cutShort(error) : networkOutcome(error);
    } finally {
      this.underWay.delete(exchange);
    }
  }

  private isStopping(call: Call): boolean {
    return this.isClosed || call.signal.aborted;
  }

  private cutOverdue(): void {
    const now = performance.now();
    const hasSlept = now - this.sweptAt > 4 * SWEEP_EVERY_MS;
    this.sweptAt = now;
    if (hasSlept) return; // this process stood still: answers may have come meanwhile, and are read before anybody is cut
    for (const [exchange, call] of this.underWay) {
      if (exchange.isOverdue(now) || call.signal.aborted) exchange.cut();
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

function targetAt(url: URL, endpoint: EndpointTarget): Target {
  const own = Object.entries(endpoint.headers).filter(([name]) => !OWN_HEADER.test(name));
  const ours = ['content-type', 'application/json', 'user-agent', `Posthaste/${VERSION}`];
  return { origin: url.origin, path: url.pathname + url.search, headers: [...own.flat(), ...ours] };
}

function headersFor({ id, content }: Parcel<WebhookContent>, endpoint: EndpointTarget, call: Call): string[] {
  const timestamp = Math.floor(call.now().getTime() / 1000);
  const signature = signatureOf(id, timestamp, content.body, endpoint.secrets, endpoint.signingKeys);
  const traced = call.traceparent === undefined ? [] : ['traceparent', call.traceparent];
  return [
    'webhook-id',
    id,
    'webhook-timestamp',
    String(timestamp),
    'webhook-signature',
    signature,
    ...traced,
  ];
}

/** The status has come: whatever became of the body changes nothing. */
function outcomeOf({ status, retryAfter, excerpt }: Answer, endpoint: EndpointTarget, call: Call): Outcome {
  if (isSuccess(status))
    return taken(`http_${status}`, `The endpoint answered ${status}.`, { isReceipt: true });
  const said = sanitisedDetail(excerpt, hiddenOf(endpoint));
  return classifyStatus(status, said, parseRetryAfterMs(retryAfter, call.now()));
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
