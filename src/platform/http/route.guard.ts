import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

import { ApiKeys } from '../auth/api-keys.service.js';
import { allows } from '../auth/scopes.js';
import { inTime } from './in-time.js';
import { CallerRates } from './caller-rates.js';
import { Problem } from './problem.js';
import { type CallerRequest, type CompiledRoute, ROUTE } from './route.js';

/** The one gate of every route: key, rate, scope, then shape, in this order, so that strangers learn nothing of the contract. */
@Injectable()
export class RouteGuard implements CanActivate {
  constructor(
    @Inject(ApiKeys) private readonly keys: ApiKeys,
    @Inject(CallerRates) private readonly rates: CallerRates,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const route = Reflect.getMetadata(ROUTE, context.getHandler()) as CompiledRoute | undefined;
    if (!route)
      throw new Error(`${context.getClass().name}.${context.getHandler().name} declares no @Route.`);
    const http = context.switchToHttp();
    const request = http.getRequest<CallerRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (route.scope !== 'open') {
      // Answers hold recipients and secrets: nobody between us and the caller keeps them.
      void reply.header('cache-control', 'no-store');
      request.caller = await inTime(this.keys.identify(request.headers.authorization), reply.elapsedTime);
      this.rates.spend(request.caller, reply);
      if (!allows(request.caller.scopes, route.scope)) {
        throw new Problem('forbidden', `This needs a key with the scope \`${route.scope}\`.`);
      }
    }
    route.checkBody?.(request.body);
    route.checkQuery?.(request.query);
    if (route.itemsOf && request.caller)
      this.rates.spendMore(request.caller, route.itemsOf(request.body) - 1, reply);
    return true;
  }
}
