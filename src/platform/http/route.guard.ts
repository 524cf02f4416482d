import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

import { ApiKeys, type Caller } from '../auth/api-keys.service.js';
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

  /** Without a promise where none is needed: this runs before every request. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const route = Reflect.getMetadata(ROUTE, context.getHandler()) as CompiledRoute | undefined;
    if (!route)
      throw new Error(`${context.getClass().name}.${context.getHandler().name} declares no @Route.`);
    const http = context.switchToHttp();
    const request = http.getRequest<CallerRequest>();
    if (route.scope === 'open') return checkShape(route, request);
    const reply = http.getResponse<FastifyReply>();
    // Answers hold recipients and secrets: nobody between us and the caller keeps them.
    void reply.header('cache-control', 'no-store');
    const caller = this.keys.identify(request.headers.authorization);
    return caller instanceof Promise
      ? inTime(caller, reply.elapsedTime).then((known) => this.admit(known, route, request, reply))
      : this.admit(caller, route, request, reply);
  }

  private admit(caller: Caller, route: CompiledRoute, request: CallerRequest, reply: FastifyReply): true {
    request.caller = caller;
    this.rates.spend(caller, reply);
    const { scope } = route;
    if (scope !== 'open' && !allows(caller.scopes, scope))
      throw new Problem('forbidden', `This needs a key with the scope \`${scope}\`.`);
    checkShape(route, request);
    if (route.itemsOf) this.rates.spendMore(caller, route.itemsOf(request.body) - 1, reply);
    return true;
  }
}

function checkShape(route: CompiledRoute, request: CallerRequest): true {
  route.checkBody?.(request.body);
  route.checkQuery?.(request.query);
  return true;
}
