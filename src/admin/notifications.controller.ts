import { Body, Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';

import { Stories } from '../accept/stories.service.js';
import { NotificationStory } from '../accept/story.schema.js';
import { ResolveRequest, RetryRequest } from '../dead-letters/dead-letter.schema.js';
import { OperatorsWord } from '../dead-letters/operators-word.service.js';
import { type CallerRequest, Route } from '../platform/http/route.js';

/** An operator's word on one notification. */
@Controller('v1/admin/notifications')
export class AdminNotificationsController {
  constructor(
    @Inject(OperatorsWord) private readonly operators: OperatorsWord,
    @Inject(Stories) private readonly stories: Stories,
  ) {}

  @Post(':id/retry')
  @HttpCode(200)
  @Route({
    scope: 'admin',
    summary: 'Send one now that is dead or waits',
    body: RetryRequest,
    answers: { 200: { description: 'It goes now', schema: NotificationStory } },
    problems: ['not_found', 'wrong_state'],
  })
  async retry(
    @Param('id') id: string,
    @Body() body: RetryRequest | undefined,
    @Req() request: CallerRequest,
  ): Promise<NotificationStory> {
    await this.operators.retry(id, { apiKeyId: request.caller!.keyId, reason: body?.reason });
    return this.stories.get(id);
  }

  @Post(':id/resolve')
  @HttpCode(200)
  @Route({
    scope: 'admin',
    summary: 'Say what became of one that is in doubt',
    body: ResolveRequest,
    answers: { 200: { description: 'It is settled, or goes again', schema: NotificationStory } },
    problems: ['not_found', 'wrong_state'],
  })
  async resolve(
    @Param('id') id: string,
    @Body() body: ResolveRequest,
    @Req() request: CallerRequest,
  ): Promise<NotificationStory> {
    await this.operators.resolve(id, body.as, { apiKeyId: request.caller!.keyId, reason: body.reason });
    return this.stories.get(id);
  }
}
