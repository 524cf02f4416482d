import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { Controller, Get, Inject, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

import { OpenApi } from './open-api.js';
import { Problem } from './problem.js';
import { Route } from './route.js';

const SWAGGER = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
/** What the page needs of the package, and nothing else of the disk. */
const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};
const DAY_S = 86_400;

const START = `window.ui = SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, persistAuthorization: false });`;
const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Posthaste API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;
/** Nothing from anywhere else; the package sets styles and icons of its own. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'";

/** The contract, for programs (`/openapi.json`) and for people (`/docs`). */
@Controller()
export class DocsController {
  constructor(@Inject(OpenApi) private readonly openApi: OpenApi) {}

  @Get('openapi.json')
  @Route({
    scope: 'open',
    summary: 'This document',
    answers: { 200: { description: 'OpenAPI 3.1', type: 'application/json' } },
  })
  document(): object {
    return this.openApi.get();
  }

  @Get('docs')
  @Route({
    scope: 'open',
    summary: 'The contract, in the browser',
    answers: { 200: { description: 'A page' } },
    isHidden: true,
  })
  async page(@Res() reply: FastifyReply): Promise<void> {
    await reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', POLICY)
      .send(PAGE);
  }

  @Get('docs/start.js')
  @Route({
    scope: 'open',
    summary: 'Starts the page',
    answers: { 200: { description: 'A script' } },
    isHidden: true,
  })
  async start(@Res() reply: FastifyReply): Promise<void> {
    await reply.header('content-type', ASSETS['swagger-ui-bundle.js']).send(START);
  }

  @Get('docs/assets/:name')
  @Route({
    scope: 'open',
    summary: 'What the page needs',
    answers: { 200: { description: 'A file' } },
    isHidden: true,
  })
  async asset(@Param('name') name: string, @Res() reply: FastifyReply): Promise<void> {
    const type = Object.hasOwn(ASSETS, name) ? ASSETS[name] : undefined;
    if (type === undefined) throw new Problem('not_found', 'There is no such file.');
    const content = await readFile(join(SWAGGER, name));
    await reply
      .header('content-type', type)
      .header('cache-control', `public, max-age=${DAY_S}`)
      .send(content);
  }
}
