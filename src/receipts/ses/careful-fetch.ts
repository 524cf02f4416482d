import { Agent } from 'undici';

import type { AddressFilter } from '../../platform/http/address-filter.js';

/** SNS repeats what was not answered within 15 s; the door answers within 3. Milliseconds. */
const DEADLINE_MS = 2_000;
/** A certificate is about 2 KB, a confirmation less. */
const MAX_BYTES = 32 * 1_024;

/** GETs of public addresses only, over the filter that webhooks obey: bounded in time and size, redirects not followed. */
export class CarefulFetch {
  readonly #agent: Agent;

  constructor(filter: AddressFilter) {
    this.#agent = new Agent({
      connect: { lookup: filter.lookup, timeout: DEADLINE_MS },
      headersTimeout: DEADLINE_MS,
      bodyTimeout: DEADLINE_MS,
      maxResponseSize: MAX_BYTES,
    });
  }

  /** The text of a 200; undefined for everything else that can happen. `url`: its host is known to be no literal address. */
  readonly get = async (url: URL): Promise<string | undefined> => {
    try {
      const { statusCode, body } = await this.#agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'GET',
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      const text = await body.text();
      return statusCode === 200 ? text : undefined;
    } catch {
      return undefined;
    }
  };

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}
