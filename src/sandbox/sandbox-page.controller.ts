import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

import { Route } from '../platform/http/route.js';
import { SANDBOX_PAGE, SANDBOX_PAGE_HEADERS } from './sandbox-page.js';

/** The page itself holds nothing: what it shows, it reads with the key of whoever looks. */
@Controller('sandbox')
export class SandboxPageController {
  @Get()
  @Route({
    scope: 'open',
    summary: 'What arrived, in the browser',
    answers: { 200: { description: 'The page', type: 'text/html' } },
    isHidden: true,
  })
  async page(@Res() reply: FastifyReply): Promise<void> {
    await reply.headers(SANDBOX_PAGE_HEADERS).send(SANDBOX_PAGE);
  }
}
