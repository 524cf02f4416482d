import { Inject, Injectable, Optional, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';

import { VERSION } from '../version.js';
import { PROBLEMS } from './problem.js';
import { type CompiledRoute, ROUTE } from './route.js';

interface Operation {
  path: string;
  method: string;
  route: CompiledRoute;
}

const ALWAYS = ['invalid_request'];

/** What subscribers get, as path items by name: told by whoever composes the process. */
export const OPEN_API_WEBHOOKS = Symbol('webhooks of the OpenAPI document');

/** The OpenAPI 3.1 document, from the very schemas that validate the requests. */
@Injectable()
export class OpenApi {
  private document: object | undefined;

  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
    @Optional() @Inject(OPEN_API_WEBHOOKS) private readonly webhooks: Record<string, object> = {},
  ) {}

  get(): object {
    return (this.document ??= this.build());
  }

  /** Every route there is, hidden ones too. */
  operations(): Operation[] {
    return this.discovery.getControllers().flatMap(({ instance, metatype }) => {
      if (!instance || !metatype) return [];
      const prototype = Object.getPrototypeOf(instance) as Record<string, object>;
      const base = String(Reflect.getMetadata(PATH_METADATA, metatype) ?? '');
      return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
        const route = Reflect.getMetadata(ROUTE, prototype[name]!) as CompiledRoute | undefined;
        if (!route) return [];
        const path = String(Reflect.getMetadata(PATH_METADATA, prototype[name]!) ?? '');
        const method =
          RequestMethod[Number(Reflect.getMetadata(METHOD_METADATA, prototype[name]!))]!.toLowerCase();
        return [{ path: join(base, path), method, route }];
      });
    });
  }

  private build(): object {
    const paths: Record<string, Record<string, object>> = {};
    for (const { path, method, route } of this.operations()) {
      if (route.isHidden) continue;
      (paths[path.replace(/:(\w+)/g, '{$1}')] ??= {})[method] = describe(path, method, route);
    }
    return {
      openapi: '3.1.0',
      info: {
        title: 'Posthaste',
        version: VERSION,
        description: 'Reliable notification delivery: accepted once, delivered by email, SMS and webhook.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      paths,
      webhooks: this.webhooks,
      components: {
        schemas: { Problem: PROBLEM_SCHEMA },
        securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      },
    };
  }
}

const join = (base: string, path: string): string =>
  `/${[base, path]
    .map((part) => part.replace(/^\/|\/$/g, ''))
    .filter(Boolean)
    .join('/')}`;

function describe(path: string, method: string, route: CompiledRoute): object {
  const isOpen = route.scope === 'open';
  return {
    operationId: operationId(path, method),
    summary: route.summary,
    ...(isOpen ? { security: [] } : { security: [{ key: [] }], 'x-scope': route.scope }),
    parameters: [
      ...pathParameters(path),
      ...queryParameters(route),
      ...(route.isIdempotent ? [IDEMPOTENCY_KEY] : []),
    ],
    ...(route.body
      ? {
          requestBody: {
            required: isBodyNeeded(route.body),
            content: { 'application/json': { schema: route.body } },
          },
        }
      : {}),
    responses: { ...answers(route), ...problems(route) },
  };
}

/** A body whose every field may be left out may be left out itself. */
const isBodyNeeded = (body: object): boolean => ((body as { required?: string[] }).required ?? []).length > 0;

const operationId = (path: string, method: string): string =>
  method + path.replace(/\/v1/, '').replace(/[/:_.-]+(\w)/g, (_, letter: string) => letter.toUpperCase());

const pathParameters = (path: string): object[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

function queryParameters({ query }: CompiledRoute): object[] {
  const { properties = {}, required = [] } = (query ?? {}) as {
    properties?: Record<string, object>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

const answers = (route: CompiledRoute): Record<string, object> =>
  Object.fromEntries(
    Object.entries(route.answers).map(([status, { description, schema, type }]) => [
      status,
      {
        description,
        ...(schema || type ? { content: { [type ?? 'application/json']: schema ? { schema } : {} } } : {}),
      },
    ]),
  );

function problems(route: CompiledRoute): Record<string, object> {
  const keyed = route.scope === 'open' ? [] : ['unauthorized', 'forbidden', 'rate_limited'];
  const shaped = route.body
    ? [...ALWAYS, 'invalid_json', 'unsupported_media_type']
    : route.query
      ? ALWAYS
      : [];
  const byStatus = new Map<number, string[]>();
  for (const code of [...shaped, ...keyed, ...(route.problems ?? [])]) {
    const { status } = PROBLEMS[code as keyof typeof PROBLEMS];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus]
      .filter(([status]) => !(status in route.answers))
      .map(([status, codes]) => [
        status,
        {
          description: codes.map((code) => `\`${code}\``).join(', '),
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      ]),
  );
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'The same key and body get the same answer for 24 h; the same key with another body is refused.',
  schema: { type: 'string', maxLength: 255 },
};

const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'instance'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(PROBLEMS) },
    detail: { type: 'string' },
    instance: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};
