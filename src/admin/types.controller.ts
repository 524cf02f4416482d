import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { Type } from 'typebox';

import { TYPE_PATTERN } from '../accept/notification.schema.js';
import { Pauses } from '../gates/pauses.service.js';
import { Reason } from '../overview/hold.schema.js';
import { TypesReader, TypeView } from '../overview/types.reader.js';
import { Problem } from '../platform/http/problem.js';
import { type CallerRequest, Route } from '../platform/http/route.js';

/** As the door takes them. */
const MAX_LENGTH = 128;

/** The types as operators see them. Any type may be paused, configured or not: a type is whatever callers send. */
@Controller('v1/admin/types')
export class TypesController {
  constructor(
    @Inject(TypesReader) private readonly types: TypesReader,
    @Inject(Pauses) private readonly pauses: Pauses,
  ) {}

  @Get()
  @Route({
    scope: 'admin',
    summary: 'The types: which are paused, and what waits for them',
    answers: {
      200: {
        description: 'Those of the configuration, and all that are paused',
        schema: Type.Object({ items: Type.Array(TypeView) }),
      },
    },
  })
  async list(): Promise<{ items: TypeView[] }> {
    return { items: await this.types.list() };
  }

  @Post(':type/pause')
  @HttpCode(200)
  @Route({
    scope: 'admin',
    summary: 'Let nothing of a type go out until it is resumed',
    body: Reason,
    answers: { 200: { description: 'It is paused; it is accepted, and waits', schema: TypeView } },
    problems: ['not_found'],
  })
  async pause(
    @Param('type') type: string,
    @Body() body: Reason | undefined,
    @Req() request: CallerRequest,
  ): Promise<TypeView> {
    await this.pauses.pause({ kind: 'type', name: wellFormed(type) }, body?.reason, request.caller!.keyId);
    return this.types.read(type);
  }

  @Post(':type/resume')
  @HttpCode(200)
  @Route({
    scope: 'admin',
    summary: 'End a pause of a type; holds of providers stay',
    body: Reason,
    answers: { 200: { description: 'It is not paused', schema: TypeView } },
    problems: ['not_found'],
  })
  async resume(
    @Param('type') type: string,
    @Body() body: Reason | undefined,
    @Req() request: CallerRequest,
  ): Promise<TypeView> {
    await this.pauses.resume({ kind: 'type', name: wellFormed(type) }, body?.reason, request.caller!.keyId);
    return this.types.read(type);
  }
}

function wellFormed(type: string): string {
  if (type.length <= MAX_LENGTH && new RegExp(TYPE_PATTERN).test(type)) return type;
  throw new Problem('not_found', 'There is no such type: it is not dotted lower case.');
}
