import { SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';

import type { Caller } from '../auth/api-keys.service.js';
import type { Scope } from '../auth/scopes.js';
import { type Check, compileBody, compileQuery } from './validator.js';

/** What a route takes and answers: the same words validate requests and make the OpenAPI document. */
export interface RouteContract {
  /** Who may call it; `open` needs no key. */
  scope: Scope | 'open';
  summary: string;
  body?: TSchema;
  query?: TSchema;
  /** By HTTP status: the answer's schema and what it means. Problems are added by their codes. */
  answers: Record<number, { description: string; schema?: TSchema; type?: string }>;
  problems?: readonly string[];
  /** Honours the header `Idempotency-Key`. */
  isIdempotent?: boolean;
  /** How many its body asks for, once it is checked; default: one. */
  itemsOf?: (body: unknown) => number;
  /** Left out of the OpenAPI document: pages for people. */
  isHidden?: boolean;
}

export interface CompiledRoute extends RouteContract {
  checkBody: Check | undefined;
  checkQuery: Check | undefined;
}

export const ROUTE = 'posthaste:route';

/** Declares a route's contract; RouteGuard holds requests to it. */
export const Route = (contract: RouteContract): MethodDecorator =>
  SetMetadata(ROUTE, {
    ...contract,
    checkBody: contract.body && compileBody(contract.body),
    checkQuery: contract.query && compileQuery(contract.query),
  } satisfies CompiledRoute);

export interface CallerRequest extends FastifyRequest {
  caller?: Caller;
}
