import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { answerParent } from './child-port.js';
import { sharedNowMs } from './clock.js';

/** The subscribers: takes every webhook, and remembers when each id came for the first time. */
const firstAt = new Map<string, number>();
let arrivals = 0;
/** Paths of subscribers that take the connection and the request and never answer. */
let silent: ReadonlySet<string> = new Set();

const server = createServer((request, response) => {
  if (silent.has(request.url!)) {
    request.resume();
    return;
  }
  const id = String(request.headers['webhook-id']);
  arrivals++;
  if (!firstAt.has(id)) firstAt.set(id, sharedNowMs());
  request.resume();
  request.on('end', () => response.writeHead(200, { 'content-length': '0' }).end());
});
server.keepAliveTimeout = 60_000;

answerParent({
  listen: () =>
    new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    }),
  silence: ({ paths }: { paths: string[] }) => {
    silent = new Set(paths);
  },
  /** How many of these have not arrived. */
  missing: ({ ids }: { ids: string[] }) => ids.filter((id) => !firstAt.has(id)).length,
  forget: () => {
    firstAt.clear();
    arrivals = 0;
  },
  count: () => ({ arrivals, unique: firstAt.size }),
  times: () => [...firstAt],
});
