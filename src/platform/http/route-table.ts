import type { FastifyInstance } from 'fastify';

/** Every path the server knows, so that a wrong method is told from a wrong path. */
export class RouteTable {
  private readonly routes: { method: string; pattern: RegExp }[] = [];

  /** Call before routes are added. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ method, url }) => {
      const pattern = new RegExp(
        `^${url
          .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
          .replace(/:[^/]+/g, '[^/]+')
          .replace(/\\\*/g, '.*')}/?$`,
      );
      for (const one of [method].flat())
        if (one !== 'HEAD' && one !== 'OPTIONS') this.routes.push({ method: one, pattern });
    });
  }

  /** Methods that the path of this URL knows; empty when nothing is there. */
  methodsAt(url: string): string[] {
    const path = url.split('?')[0]!;
    return [...new Set(this.routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))];
  }
}
