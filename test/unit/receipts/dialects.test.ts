import { describe, expect, it } from 'vitest';

import type { CallbacksConfig } from '../../../src/platform/config/posthaste-file.js';
import { dialectOf } from '../../../src/receipts/dialects.js';
import { GenericDialect } from '../../../src/receipts/generic/generic.dialect.js';
import { SendgridDialect } from '../../../src/receipts/sendgrid/sendgrid.dialect.js';
import { SesDialect } from '../../../src/receipts/ses/ses.dialect.js';
import { TwilioDialect } from '../../../src/receipts/twilio/twilio.dialect.js';
import { genericSecret, sendgridKeys } from '../../support/callbacks.js';
import { providerConfig } from '../../support/provider-config.js';

const URL = 'https://notify.acme.example/v1/callbacks/test-smtp';
const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:receipts';
const around = { fetch: async () => undefined, parseAddress: (to: string) => ({ address: to }) };
const smtp = (callbacks: CallbacksConfig, callbackUrl?: string) =>
  dialectOf(
    providerConfig('email', 'smtp', {}, { callbacks, ...(callbackUrl === undefined ? {} : { callbackUrl }) }),
    around,
  );

describe('how a provider’s callbacks are read', () => {
  it.each([
    [{ kind: 'generic', secret: genericSecret() }, GenericDialect],
    [{ kind: 'ses', topic_arn: TOPIC }, SesDialect],
    [{ kind: 'sendgrid', public_key: sendgridKeys().publicKey }, SendgridDialect],
    [{ kind: 'twilio', secret: 'token' }, TwilioDialect],
  ] as const)('follows its configuration: %o', (callbacks, dialect) => {
    expect(smtp(callbacks, URL)).toBeInstanceOf(dialect);
  });

  it('is Twilio’s way unasked, once the outside can reach us, and nobody else’s', () => {
    const twilio = (more: object) =>
      dialectOf(providerConfig('sms', 'twilio', { auth_token: 'token' }, more), around);
    expect(twilio({ callbackUrl: URL })).toBeInstanceOf(TwilioDialect);
    expect(twilio({})).toBeUndefined();
    expect(dialectOf(providerConfig('email', 'smtp', {}, { callbackUrl: URL }), around)).toBeUndefined();
  });

  it.each<[string, CallbacksConfig, string]>([
    ['no secret', { kind: 'generic' }, 'callbacks need secret'],
    ['a weak secret', { kind: 'generic', secret: 'whsec_c2VjcmV0' }, 'callbacks.secret'],
    ['no topic', { kind: 'ses' }, 'callbacks need topic_arn'],
    ['a topic that is none', { kind: 'ses', topic_arn: 'receipts' }, 'callbacks.topic_arn'],
    ['a key that is none', { kind: 'sendgrid', public_key: 'AAAA' }, 'callbacks.public_key'],
    ['no token', { kind: 'twilio' }, 'callbacks need secret'],
    ['an option of another kind', { kind: 'ses', topic_arn: TOPIC, secret: 'x' }, 'have no secret'],
  ])('is refused at the start with %s, in words that hold no secret', (_, callbacks, words) => {
    expect(() => smtp(callbacks, URL)).toThrow(words);
    expect(() => smtp(callbacks, URL)).not.toThrow('c2VjcmV0');
  });

  it('needs to know where the outside reaches us, where that is signed', () => {
    expect(() => smtp({ kind: 'twilio', secret: 'token' })).toThrow('PUBLIC_URL');
  });

  it('is refused for webhooks: the answer is the receipt', () => {
    const callbacks = { kind: 'generic', secret: genericSecret() } as const;
    expect(() => dialectOf(providerConfig('webhook', 'http', {}, { callbacks }), around)).toThrow('webhooks');
  });
});
