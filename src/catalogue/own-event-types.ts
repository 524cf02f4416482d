import { type TObject, type TSchema, Type } from 'typebox';

import { CHANNELS } from '../domain/channel.js';
import { OWN_EVENT_TYPES, type OwnEventType, TOLD_STATUSES } from '../domain/event-type.js';
import type { EventType } from './event-type.js';
import type { JsonSchema } from './data-schema.js';

const oneOf = (values: readonly string[], description: string) =>
  Type.Unsafe<string>({ type: 'string', enum: [...values], description });
const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()]);
const Time = (description: string) => Type.String({ format: 'date-time', description });

/** No recipient, no address, no content: who may see those asks for the notification by its id. */
export const NotificationEnded = Type.Object({
  id: Type.String({ description: 'ntf_…' }),
  type: Type.String({ description: "the notification's type" }),
  business_id: nullable(Type.String({ description: 'null when it has been erased' })),
  channel: oneOf(CHANNELS, 'how it went'),
  status: oneOf(TOLD_STATUSES, 'what it became'),
  code: nullable(Type.String({ description: 'why, in a stable word: http_410, too_late, 250' })),
  class: nullable(Type.String({ description: 'what kind of failure it was; null: none' })),
  attempts: Type.Integer({ description: 'calls to providers so far' }),
  at: Time('when its status changed'),
});

const EndpointDisabled = Type.Object({
  id: Type.String({ description: 'ep_…' }),
  reason: Type.String({ description: 'why, in a stable word: gone, failing, owner' }),
  at: Time('when it was disabled'),
});

const AlertChanged = Type.Object({
  id: Type.String({ description: 'alr_…' }),
  key: Type.String({ description: 'what it is about, the same each time it is raised' }),
  kind: Type.String({ description: 'what is wrong, in a stable word' }),
  severity: Type.String({ description: 'warning or critical' }),
  summary: Type.String({ description: 'a sentence for people' }),
  count: Type.Integer({ description: 'how many it concerns' }),
  since: Time('when it began'),
  at: Time('when it was raised, or resolved'),
});

const ENDED = {
  id: 'ntf_01m80pg4qke8avntvp77d0hq1c',
  type: 'invoice.issued',
  business_id: 'inv-1001:v1',
  channel: 'email',
  attempts: 1,
  at: '2026-11-22T09:00:00.000Z',
};
const DISABLED = {
  id: 'ep_01m80pkjygecpr0xfxne84n1px',
  reason: 'gone',
  at: '2026-11-22T09:00:00.000Z',
};
const ALERT = {
  id: 'alr_01m80pkjygecpr0xfxne84n1px',
  key: 'queue_age:ses.transactional',
  kind: 'queue_age',
  severity: 'critical',
  summary: 'What is due for ses.transactional waits too long.',
  count: 120,
  since: '2026-11-22T08:58:00.000Z',
  at: '2026-11-22T09:00:00.000Z',
};

interface Told {
  description: string;
  schema: TObject;
  example: Readonly<Record<string, unknown>>;
}

const ended = (
  description: string,
  status: string,
  code: string,
  errorClass: string | null = null,
): Told => ({
  description,
  schema: NotificationEnded,
  example: { ...ENDED, status, code, class: errorClass },
});

const TOLD: Readonly<Record<OwnEventType, Told>> = {
  'posthaste.notification.sent': ended('A provider took it.', 'sent', '250'),
  'posthaste.notification.delivered': ended('It arrived.', 'delivered', 'http_204'),
  'posthaste.notification.bounced': ended('It came back.', 'bounced', 'bounce'),
  'posthaste.notification.dead': ended('It was given up.', 'dead', 'smtp_550', 'permanent'),
  'posthaste.notification.in_doubt': ended(
    'Nobody knows what became of it.',
    'in_doubt',
    'reset',
    'in_doubt',
  ),
  'posthaste.notification.suppressed': ended('Its address takes nothing.', 'suppressed', 'unsubscribed'),
  'posthaste.notification.expired': ended('Its time ran out.', 'expired', 'too_late', 'expired'),
  'posthaste.endpoint.disabled': {
    description: 'An endpoint gets nothing any more, until somebody enables it.',
    schema: EndpointDisabled,
    example: DISABLED,
  },
  'posthaste.alert.raised': { description: 'Something needs a look.', schema: AlertChanged, example: ALERT },
  'posthaste.alert.resolved': { description: 'It is well again.', schema: AlertChanged, example: ALERT },
};

/** The service's own, as the catalogue lists them. */
export const OWN_TYPES: readonly EventType[] = OWN_EVENT_TYPES.map((type) => ({
  type,
  isOwn: true,
  description: TOLD[type].description,
  schema: TOLD[type].schema as unknown as JsonSchema,
  example: TOLD[type].example,
}));
