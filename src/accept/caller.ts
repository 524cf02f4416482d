import type { CallerRequest } from '../platform/http/route.js';
import { readTraceparent } from '../platform/tracing/traceparent.js';
import type { Caller } from './accept.service.js';

/** Who a request that has passed its guard is from, and what it says of a trace. */
export const callerOf = ({ caller, headers }: CallerRequest): Caller => ({
  apiKeyId: caller!.keyId,
  traceparent: readTraceparent(headers['traceparent']),
});
