import { Agent } from 'undici';

const CONNECT_MS = 5_000;
/** One whole call. A target that takes longer is told again later. */
const CALL_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1_024;

/**
 * Calls to URLs that an operator wrote: trusted, and yet bounded in time and size, with redirects not followed. A new
 * connection each time: alerts are rare, and a socket that was left open may be dead when it is needed most.
 */
export class OutgoingCalls {
  private readonly agent = new Agent({
    pipelining: 0,
    connect: { timeout: CONNECT_MS },
    headersTimeout: CALL_MS,
    bodyTimeout: CALL_MS,
    maxResponseSize: MAX_ANSWER_BYTES,
  });

  post(
    url: string,
    body: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    return this.call(url, { method: 'POST', body, headers }, signal);
  }

  get(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<string | undefined> {
    return this.call(url, { method: 'GET', headers }, signal);
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }

  /** Undefined when it was taken (2xx), else a short word: `http_503`, `ECONNREFUSED`. */
  private async call(
    url: string,
    request: { method: 'GET' | 'POST'; headers: Record<string, string>; body?: string },
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { origin, pathname, search } = new URL(url);
    try {
      const { statusCode, body } = await this.agent.request({
        origin,
        path: pathname + search,
        ...request,
        signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]),
      });
      await body.dump();
      return statusCode >= 200 && statusCode < 300 ? undefined : `http_${statusCode}`;
    } catch (error) {
      const { code, name } = error as { code?: unknown; name?: string };
      return typeof code === 'string' ? code : (name ?? 'failed');
    }
  }
}
