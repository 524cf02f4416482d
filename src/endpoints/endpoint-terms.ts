import { Inject, Injectable } from '@nestjs/common';

import { Config } from '../platform/config/config.js';
import { DEFAULT_TIMEOUT_MS } from '../platform/config/posthaste-file.js';
import { parseDurationMs, parseRatePerSecond } from '../platform/config/units.js';
import { Sealer } from '../platform/crypto/sealer.js';
import { AddressFilter } from '../platform/http/address-filter.js';
import { OWN_HEADER } from '../platform/http/own-headers.js';
import { type Fault, Problem } from '../platform/http/problem.js';
import { checkWebhookUrl } from '../platform/http/webhook-url.js';
import type { EndpointEntity } from './endpoint.entity.js';
import type { EndpointPatch, EndpointRequest } from './endpoint.schema.js';

type Columns = Pick<
  EndpointEntity,
  'url' | 'types' | 'description' | 'headers' | 'rateLimit' | 'ratePerSecond' | 'concurrency' | 'timeoutMs'
>;

/** What callers ask of an endpoint, checked beyond its shape and brought into columns. */
@Injectable()
export class EndpointTerms {
  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(Sealer) private readonly sealer: Sealer,
    @Inject(AddressFilter) private readonly filter: AddressFilter,
  ) {}

  /** The columns of what was given; what was left out is left out. Throws Problem `invalid_request` with every fault. */
  columnsOf(request: EndpointRequest | EndpointPatch, id: string): Partial<Columns> {
    const faults: Fault[] = [];
    const columns = {
      ...given(request.url, (url) => ({ url: this.checkedUrl(url, faults) })),
      ...given(request.types, (types) => ({ types })),
      ...given(request.description, (description) => ({ description })),
      ...given(request.headers, (headers) => ({ headers: this.sealedHeaders(headers, id, faults) })),
      ...given(request.rate_limit, (rate) => ({
        rateLimit: rate,
        ratePerSecond: rate && parseRatePerSecond(rate)!,
      })),
      ...given(request.concurrency, (concurrency) => ({ concurrency })),
      ...given(request.timeout, (timeout) => ({
        timeoutMs: timeout && this.checkedTimeout(timeout, faults),
      })),
    };
    if (faults.length === 0) return columns as Partial<Columns>;
    throw new Problem('invalid_request', 'Some fields are wrong; each is named in `errors`.', {
      errors: faults,
    });
  }

  private checkedUrl(text: string, faults: Fault[]): string {
    const checked = checkWebhookUrl(text, this.filter);
    if ('url' in checked) return checked.url.href;
    faults.push({ path: '/url', message: checked.fault });
    return text;
  }

  private sealedHeaders(headers: Record<string, string> | null, id: string, faults: Fault[]): Buffer | null {
    if (headers === null) return null;
    for (const name of Object.keys(headers)) {
      if (OWN_HEADER.test(name)) faults.push({ path: `/headers/${name}`, message: 'is set by the service' });
    }
    return this.sealer.seal(JSON.stringify(headers), id);
  }

  private checkedTimeout(text: string, faults: Fault[]): number {
    const [timeoutMs, mostMs] = [parseDurationMs(text)!, this.longestTimeoutMs()];
    if (timeoutMs === 0) faults.push({ path: '/timeout', message: 'must be longer than nothing' });
    if (timeoutMs > mostMs) faults.push({ path: '/timeout', message: `must be at most ${mostMs}ms` });
    return timeoutMs;
  }

  /** A worker's places are dealt out by the provider's timeout: no subscriber may hold one longer. */
  private longestTimeoutMs(): number {
    const ofWebhooks = this.config.file.providers.filter(({ channel }) => channel === 'webhook');
    return Math.max(
      ...ofWebhooks.map(({ timeoutMs }) => timeoutMs),
      ofWebhooks.length > 0 ? 0 : DEFAULT_TIMEOUT_MS.webhook,
    );
  }
}

const given = <V, C extends object>(
  value: V | undefined,
  columns: (value: V) => C,
): C | Record<string, never> => (value === undefined ? {} : columns(value));
