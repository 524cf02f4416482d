import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Histogram } from 'prom-client';

import type { Gauges } from './gauges.js';

/** What has no route is counted under one name: paths are a stranger's words. */
const NO_ROUTE = 'none';

type Series = Pick<Histogram.Internal<string>, 'observe'>;

/** Counts and times every answer, by route as it is declared. Call before routes are added. */
export function meterAnswers(fastify: FastifyInstance, gauges: Gauges): void {
  const series = new Map<string, Series>();
  fastify.addHook('onResponse', (request, reply, done) => {
    seriesOf(request, reply, gauges, series).observe(reply.elapsedTime / 1000);
    done();
  });
}

/** Found by its labels once, not at each answer. Bounded: methods, declared routes, and the statuses that we answer. */
function seriesOf(
  request: FastifyRequest,
  { statusCode }: FastifyReply,
  { requestSeconds }: Gauges,
  all: Map<string, Series>,
): Series {
  const { method } = request;
  const route = request.is404 ? NO_ROUTE : (request.routeOptions.url ?? NO_ROUTE);
  const name = `${method} ${statusCode} ${route}`;
  let one = all.get(name);
  if (!one) all.set(name, (one = requestSeconds.labels({ method, route, status: String(statusCode) })));
  return one;
}
