import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';

import { Stories } from '../accept/stories.service.js';
import { NotificationStory } from '../accept/story.schema.js';
import {
  DeadLetterGroups,
  DeadLetterPage,
  DeadLettersQuery,
  DiscardRequest,
  GroupsQuery,
} from '../dead-letters/dead-letter.schema.js';
import { DeadLetters } from '../dead-letters/dead-letters.reader.js';
import { OperatorsWord } from '../dead-letters/operators-word.service.js';
import { type CallerRequest, Route } from '../platform/http/route.js';

@Controller('v1/admin/dead-letters')
export class DeadLettersController {
  constructor(
    @Inject(DeadLetters) private readonly deadLetters: DeadLetters,
    @Inject(OperatorsWord) private readonly operators: OperatorsWord,
    @Inject(Stories) private readonly stories: Stories,
  ) {}

  @Get()
  @Route({
    scope: 'admin',
    summary: 'What was given up, the last accepted first',
    query: DeadLettersQuery,
    answers: {
      200: {
        description: 'A page; it may hold less than its limit and still go on',
        schema: DeadLetterPage,
      },
    },
  })
  list(@Query() query: DeadLettersQuery): Promise<DeadLetterPage> {
    return this.deadLetters.list(query);
  }

  @Get('groups')
  @Route({
    scope: 'admin',
    summary: 'Dead letters by cause, the most frequent first',
    query: GroupsQuery,
    answers: { 200: { description: 'At most 500 groups', schema: DeadLetterGroups } },
  })
  groups(@Query() query: GroupsQuery): Promise<DeadLetterGroups> {
    return this.deadLetters.groups(query);
  }

  @Post(':id/discard')
  @HttpCode(200)
  @Route({
    scope: 'admin',
    summary: 'Close a dead letter without sending it',
    body: DiscardRequest,
    answers: { 200: { description: 'It is discarded', schema: NotificationStory } },
    problems: ['not_found', 'wrong_state'],
  })
  async discard(
    @Param('id') id: string,
    @Body() body: DiscardRequest,
    @Req() request: CallerRequest,
  ): Promise<NotificationStory> {
    await this.operators.discard(id, { apiKeyId: request.caller!.keyId, reason: body.reason });
    return this.stories.get(id);
  }
}
