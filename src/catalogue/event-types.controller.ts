import { Controller, Get, Inject } from '@nestjs/common';
import { type Static, Type } from 'typebox';

import { Route } from '../platform/http/route.js';
import { TypeCatalogue } from './type-catalogue.js';

const EventTypeList = Type.Object({
  items: Type.Array(
    Type.Object({
      type: Type.String({ description: 'as subscribers name it' }),
      is_own: Type.Boolean({ description: 'said by the service itself; nobody may send it' }),
      description: Type.Union([Type.String(), Type.Null()]),
      schema: Type.Union([
        Type.Record(Type.String(), Type.Unknown(), { description: 'JSON Schema 2020-12 of `data`' }),
        Type.Null(),
      ]),
      example: Type.Unknown({ description: 'data that fits; null: none is given' }),
    }),
  ),
});

@Controller('v1/event-types')
export class EventTypesController {
  constructor(@Inject(TypeCatalogue) private readonly catalogue: TypeCatalogue) {}

  @Get()
  @Route({
    scope: 'read',
    summary: 'The types there are, and what their data looks like',
    answers: {
      200: { description: "Those of this installation, then the service's own", schema: EventTypeList },
    },
  })
  list(): Static<typeof EventTypeList> {
    return {
      items: this.catalogue.list().map(({ type, isOwn, description, schema, example }) => ({
        type,
        is_own: isOwn,
        description: description ?? null,
        schema: schema === undefined ? null : { ...schema },
        example: example ?? null,
      })),
    };
  }
}
