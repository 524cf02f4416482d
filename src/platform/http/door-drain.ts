import type { Server } from 'node:http';

import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';

import { Config } from '../config/config.js';

/** The door answers or refuses within 3 s; who is not answered a little later trickles or hangs, and is cut. Milliseconds. */
const ANSWERS_MAY_END_MS = 4_000;

/**
 * How HTTP ends without a caller noticing.
 *
 * Promises: for `DRAIN_DELAY` after `begin` everything is answered as before, new connections too, so that a load balancer
 * has time to read `/health/ready`; each answer closes its connection, so that who keeps connections goes elsewhere with the
 * next request. Then the port closes, and who is still being answered is waited for. What is left after that Fastify cuts.
 */
@Injectable()
export class DoorDrain implements BeforeApplicationShutdown {
  private delay: Promise<void> | undefined;

  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /** Call before routes are added. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onSend', (_request, reply, payload, done) => {
      if (this.delay !== undefined) void reply.header('connection', 'close');
      done(null, payload);
    });
  }

  /** The delay runs beside the end of the workers, not before it: both must fit into what an orchestrator waits. */
  begin(): void {
    const { drainDelayMs, roles } = this.config.environment;
    this.delay ??= roles.includes('api') ? after(drainDelayMs) : Promise.resolve();
  }

  /** The workers have ended; Nest closes the server right after this. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.delay;
    const server = this.host.httpAdapter.getHttpServer() as Server;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await Promise.race([closed, after(ANSWERS_MAY_END_MS)]);
  }
}

/** Keeps no process alive that has nothing else to do. */
const after = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
