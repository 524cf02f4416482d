import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { SegmentedMessage } from 'sms-segments-calculator';

import { Problem } from '../platform/http/problem.js';
import { Route } from '../platform/http/route.js';
import { Preview, PreviewRequest, TemplateList } from './template.schema.js';
import { TemplateError } from './template-error.js';
import { Templates, type TemplateSummary } from './templates.js';

/** What can be sent, and what it would look like. Renders as a send would; sends nothing, stores nothing. */
@Controller('v1/templates')
export class TemplatesController {
  constructor(@Inject(Templates) private readonly templates: Templates) {}

  @Get()
  @Route({
    scope: 'read',
    summary: 'List the templates with their samples',
    answers: { 200: { description: 'All of them, by name', schema: TemplateList } },
  })
  list(): { items: TemplateSummary[] } {
    return { items: this.templates.list() };
  }

  @Post(':type/preview')
  @HttpCode(200)
  @Route({
    scope: 'read',
    summary: 'Render a template; without data, its sample',
    body: PreviewRequest,
    answers: { 200: { description: 'All that the type can be sent as', schema: Preview } },
    problems: ['not_found', 'template_error'],
  })
  preview(@Param('type') type: string, @Body() body: PreviewRequest | undefined): Preview {
    if (!this.templates.hasEmail(type) && !this.templates.hasSms(type)) {
      throw new Problem('not_found', 'There is no such template; GET /v1/templates lists them.');
    }
    try {
      return this.render(type, body?.locale, body?.data ?? this.templates.sampleOf(type, body?.locale));
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      throw new Problem('template_error', 'The template cannot be filled with this data.', {
        errors: error.faults,
        cause: error,
      });
    }
  }

  private render(type: string, locale: string | undefined, data: Record<string, unknown>): Preview {
    const text = this.templates.hasSms(type) ? this.templates.renderSms(type, locale, data) : undefined;
    return {
      ...(this.templates.hasEmail(type) ? { email: this.templates.renderEmail(type, locale, data) } : {}),
      ...(text === undefined ? {} : { sms: { text, ...measured(text) } }),
    };
  }
}

function measured(text: string): { segments: number; encoding: string } {
  const { segmentsCount, encodingName } = new SegmentedMessage(text);
  return { segments: segmentsCount, encoding: encodingName };
}
