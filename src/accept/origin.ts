import type { CallerRequest } from '../platform/http/route.js';
import { readTraceparent } from '../platform/tracing/traceparent.js';
import type { Origin } from './accept.service.js';

/** Who a request that has passed its guard is from, and what it says of a trace. */
export const originOf = ({ caller, headers }: CallerRequest): Origin => ({
  apiKeyId: caller!.keyId,
  traceparent: readTraceparent(headers['traceparent']),
});
