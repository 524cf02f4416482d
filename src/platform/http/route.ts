import { SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';

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

/** Who sends a field where there is nothing to choose is mistaken, and is told so. What is open takes what others post. */
const NO_FIELDS = Type.Object({}, { additionalProperties: false });

const bodyOf = ({ scope, body }: RouteContract): TSchema | undefined =>
  body ?? (scope === 'open' ? undefined : NO_FIELDS);

/** Declares a route's contract; RouteGuard holds requests to it. */
export const Route = (contract: RouteContract): MethodDecorator => {
  const body = bodyOf(contract);
  return SetMetadata(ROUTE, {
    ...contract,
    checkBody: body && compileBody(body),
    checkQuery: contract.query && compileQuery(contract.query),
  } satisfies CompiledRoute);
};

export interface CallerRequest extends FastifyRequest {
  caller?: Caller;
}
