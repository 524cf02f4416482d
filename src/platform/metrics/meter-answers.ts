import type { FastifyInstance } from 'fastify';

import type { Gauges } from './gauges.js';

/** What has no route is counted under one name: paths are a stranger's words. */
const NO_ROUTE = 'none';

/** Counts and times every answer, by route as it is declared. Call before routes are added. */
export function meterAnswers(fastify: FastifyInstance, gauges: Gauges): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? NO_ROUTE : (request.routeOptions.url ?? NO_ROUTE);
    const labels = { method: request.method, route, status: String(reply.statusCode) };
    gauges.requestSeconds.observe(labels, reply.elapsedTime / 1000);
    done();
  });
}
