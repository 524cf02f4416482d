import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

import { Route } from '../platform/http/route.js';
import { PREVIEW_PAGE, PREVIEW_PAGE_HEADERS } from './preview-page.js';

/** The page itself holds nothing: what it shows, it reads with the key of whoever looks. */
@Controller('templates')
export class TemplatesPageController {
  @Get()
  @Route({
    scope: 'open',
    summary: 'The templates, in the browser',
    answers: { 200: { description: 'The page', type: 'text/html' } },
    isHidden: true,
  })
  async page(@Res() reply: FastifyReply): Promise<void> {
    await reply.headers(PREVIEW_PAGE_HEADERS).send(PREVIEW_PAGE);
  }
}
