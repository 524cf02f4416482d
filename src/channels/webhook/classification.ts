import type { ErrorClass, Failed, FailureScope } from '../../domain/outcome.js';

/** What an HTTP status of a subscriber means. */
interface Meaning {
  kind: Failed['kind'];
  class: ErrorClass;
  scope: FailureScope;
}

const down: Meaning = { kind: 'deferred', class: 'slow', scope: 'endpoint' };
/** It ran and failed: quick retries cure a passing fault, and a lasting one is better known of soon. */
const faulty: Meaning = { kind: 'deferred', class: 'retry', scope: 'endpoint' };
const misdeployed: Meaning = { kind: 'deferred', class: 'slow', scope: 'endpoint' };
const refused: Meaning = { kind: 'deferred', class: 'retry', scope: 'message' };

/**
 * Subscribers' answers, by status. Only 2xx is success; redirects are not followed.
 * Sources: Standard Webhooks (410 disables, 429/502/504 throttle), RFC 9110 §15, and what Svix and Stripe retry.
 */
const BY_STATUS: Readonly<Record<number, Meaning>> = {
  400: refused,
  401: misdeployed,
  403: misdeployed,
  404: misdeployed,
  405: misdeployed,
  408: down,
  410: { kind: 'rejected', class: 'gone', scope: 'endpoint' },
  413: refused,
  414: refused,
  415: refused,
  422: refused,
  425: down,
  429: { kind: 'deferred', class: 'throttled', scope: 'endpoint' },
  500: faulty,
  501: { kind: 'rejected', class: 'permanent', scope: 'endpoint' },
  502: down,
  503: down,
  504: down,
  505: { kind: 'rejected', class: 'permanent', scope: 'endpoint' },
  522: down,
  524: down,
};

export const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** `excerpt`: the beginning of the answer's body, sanitised. */
export function classifyStatus(status: number, excerpt: string, retryAfterMs: number | undefined): Failed {
  const meaning =
    BY_STATUS[status] ?? (status >= 500 ? down : status >= 300 && status < 400 ? misdeployed : refused);
  return {
    ...meaning,
    code: `http_${status}`,
    detail: detailOf(status, excerpt),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function detailOf(status: number, excerpt: string): string {
  const first =
    status >= 300 && status < 400
      ? 'Redirects are not followed; register the new URL.'
      : `The endpoint answered ${status}.`;
  return excerpt === '' ? first : `${first} ${excerpt}`;
}
