import type { Channel } from '../channels/channel.js';
import { type CallbacksConfig, callbacksOf, type ProviderConfig } from '../platform/config/posthaste-file.js';
import type { Dialect } from './dialect.js';
import { GenericDialect } from './generic/generic.dialect.js';
import { SendgridDialect } from './sendgrid/sendgrid.dialect.js';
import { readPublicKey } from './sendgrid/sendgrid-signature.js';
import { SesDialect } from './ses/ses.dialect.js';
import type { Fetch } from './ses/sns-certificates.js';
import { TwilioDialect } from './twilio/twilio.dialect.js';

/** What a dialect may need of the rest of the service. */
export interface Surroundings {
  fetch: Fetch;
  parseAddress: Channel['parseAddress'];
}

type Maker = (config: ProviderConfig, callbacks: CallbacksConfig, around: Surroundings) => Dialect;

/** A new way of reporting is a folder and a line here. */
const MAKERS: Record<CallbacksConfig['kind'], Maker> = {
  twilio: (config, { secret }, around) =>
    new TwilioDialect({
      authToken: needed('secret', secret ?? textIn(config.options, 'auth_token')),
      publicUrl: publicUrlOf(config),
      phoneNumberOf: (text) => addressOf(around, text),
    }),
  ses: (_config, { topic_arn }, { fetch }) => new SesDialect(needed('topic_arn', topic_arn), fetch),
  sendgrid: (_config, { public_key }) => new SendgridDialect(readPublicKey(needed('public_key', public_key))),
  generic: (_config, { secret }, around) =>
    new GenericDialect({ secret: needed('secret', secret), addressOf: (text) => addressOf(around, text) }),
};

/** What else each takes besides its kind. Another option would be one that nobody reads. */
const OPTIONS: Record<CallbacksConfig['kind'], readonly string[]> = {
  twilio: ['secret'],
  ses: ['topic_arn'],
  sendgrid: ['public_key'],
  generic: ['secret'],
};

/** How this provider's callbacks are read; undefined when it has none. Throws an Error that names the option. */
export function dialectOf(config: ProviderConfig, around: Surroundings): Dialect | undefined {
  const callbacks = callbacksOf(config);
  if (!callbacks) return undefined;
  if (config.channel === 'webhook')
    throw new Error('callbacks are not for webhooks: the answer is the receipt');
  const { kind, ...options } = callbacks;
  const strange = Object.keys(options).find((name) => !OPTIONS[kind].includes(name));
  if (strange !== undefined) throw new Error(`callbacks of kind ${kind} have no ${strange}`);
  return MAKERS[kind](config, callbacks, around);
}

function needed(option: string, value: string | undefined): string {
  if (value === undefined) throw new Error(`callbacks need ${option}`);
  return value;
}

/** Twilio signs the URL that it called, which behind a proxy only PUBLIC_URL knows. */
function publicUrlOf({ callbackUrl }: ProviderConfig): string {
  if (callbackUrl === undefined)
    throw new Error('callbacks of kind twilio need PUBLIC_URL in the environment');
  return callbackUrl.slice(0, callbackUrl.lastIndexOf('/v1/callbacks/'));
}

const textIn = (options: Record<string, unknown>, name: string): string | undefined =>
  typeof options[name] === 'string' ? options[name] : undefined;

function addressOf({ parseAddress }: Surroundings, text: string): string | undefined {
  const parsed = parseAddress(text);
  return 'address' in parsed ? parsed.address : undefined;
}
