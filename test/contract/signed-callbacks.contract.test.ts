import { createRequire } from 'node:module';

import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';

import { fromPublicId } from '../../src/domain/public-id.js';
import type { CallbackRequest, Dialect } from '../../src/receipts/dialect.js';
import { GenericDialect } from '../../src/receipts/generic/generic.dialect.js';
import { SendgridDialect } from '../../src/receipts/sendgrid/sendgrid.dialect.js';
import { readPublicKey } from '../../src/receipts/sendgrid/sendgrid-signature.js';
import { TwilioDialect } from '../../src/receipts/twilio/twilio.dialect.js';
import { twilioSignature } from '../../src/receipts/twilio/twilio-signature.js';
import {
  genericCallback,
  genericSecret,
  sendgridCallback,
  sendgridKeys,
  type SignedCallback,
  twilioCallback,
} from '../support/callbacks.js';

const require = createRequire(import.meta.url);
const twilio = require('twilio/lib/webhooks/webhooks.js') as {
  validateRequest(token: string, signature: string, url: string, params: Record<string, unknown>): boolean;
};
const { EventWebhook } = require('@sendgrid/eventwebhook') as {
  EventWebhook: new () => {
    convertPublicKeyToECDSA(key: string): unknown;
    verifySignature(key: unknown, payload: Buffer, signature: string, timestamp: string): boolean;
  };
};

const NOW = new Date();
const ID = 'ntf_01h455vb4pex5vsknk084sn02q';
const UUID = fromPublicId('notification', ID)!;
const requestOf = ({ body, headers }: SignedCallback, target = '/v1/callbacks/x'): CallbackRequest => ({
  target,
  headers,
  body: Buffer.from(body),
});
const saidBy = async (dialect: Dialect, request: CallbackRequest) => {
  const reading = await dialect.read(request, NOW);
  return reading.is === 'said' ? reading.said : reading;
};
const FORGED = { is: 'forged' };

describe('callbacks of Twilio', () => {
  const TOKEN = '12345';
  const PUBLIC = 'https://mycompany.com';
  const dialect = new TwilioDialect({
    authToken: TOKEN,
    publicUrl: PUBLIC,
    phoneNumberOf: (text) => (/^\+\d+$/.test(text) ? text : undefined),
  });
  const TARGET = `/v1/callbacks/twilio?notification_id=${ID}`;
  /** The sample of twilio.com/docs/messaging/guides/track-outbound-message-status. */
  const STATUS = {
    SmsSid: 'SM2xxxxxx',
    SmsStatus: 'delivered',
    Body: 'McAvoy or Stewart? These timelines can get so confusing.',
    MessageStatus: 'delivered',
    To: '+1512zzzyyyy',
    MessageSid: 'SM2xxxxxx',
    AccountSid: 'ACxxxxxxx',
    From: '+1512xxxyyyy',
    ApiVersion: '2010-04-01',
  };
  const signed = (params: Record<string, string | string[]>, target = TARGET) =>
    requestOf(twilioCallback(TOKEN, PUBLIC + target, params), target);

  it('are signed as in Twilio’s own example', () => {
    // twilio.com/docs/usage/security, "Validating signatures from Twilio"
    const form = new URLSearchParams({
      CallSid: 'CA1234567890ABCDE',
      Caller: '+12349013030',
      Digits: '1234',
      From: '+12349013030',
      To: '+18005551212',
    });
    const url = 'https://mycompany.com/myapp.php?foo=1&bar=2';
    const signature = twilioSignature(TOKEN, url, form);
    expect(signature).toBe('0/KCTR6DLpKmkAf8muzZqo1nDgQ=');
    expect(twilio.validateRequest(TOKEN, signature, url, Object.fromEntries(form))).toBe(true);
  });

  it('find their notification by the URL that we gave', async () => {
    expect(await saidBy(dialect, signed(STATUS))).toMatchObject([
      { kind: 'delivered', id: UUID, providerMessageId: 'SM2xxxxxx', code: 'twilio_delivered' },
    ]);
  });

  it.each([
    ['letters beyond ASCII', { Body: 'Zoë – 🎉 ＆ ünïcode +1 %20' }],
    ['what a form encodes', { Body: 'a=b&c+d e%2B\r\n' }],
    ['equal names', { MediaUrl: ['https://b', 'https://a', 'https://b'] }],
    ['an empty value', { Body: '' }],
  ])('are verified with %s in them', async (_, params) => {
    expect(await saidBy(dialect, signed({ ...STATUS, ...params }))).toMatchObject([{ kind: 'delivered' }]);
  });

  it.each([`${PUBLIC}:443`, PUBLIC])('are verified when Twilio signs %s', async (base) => {
    const callback = twilioCallback(TOKEN, base + TARGET, STATUS);
    expect(await saidBy(dialect, requestOf(callback, TARGET))).toMatchObject([{ kind: 'delivered' }]);
  });

  it.each([
    ['undelivered', '30003', 'slow'],
    ['failed', '30007', 'permanent'],
    ['failed', '21610', 'suppress'],
    ['failed', '', 'permanent'],
  ])('say of %s with error %s: class %s', async (MessageStatus, ErrorCode, expected) => {
    expect(await saidBy(dialect, signed({ ...STATUS, MessageStatus, ErrorCode }))).toMatchObject([
      { kind: 'bounced', class: expected },
    ]);
  });

  it.each([
    ['STOP', 'stop'],
    ['stopall', 'stop'],
    [' Unsubscribe!', 'stop'],
    ['arrêt', 'stop'],
    ['START', 'start'],
    ['unstop', 'start'],
    ['please STOP', undefined],
    ['HELP', undefined],
  ])('hear in the text “%s”: %s', async (Body, kind) => {
    const inbound = { MessageSid: 'SM3', SmsStatus: 'received', From: '+15551234567', Body };
    const heard = await saidBy(dialect, signed(inbound, '/v1/callbacks/twilio'));
    expect(heard).toMatchObject(kind ? [{ kind, address: '+15551234567' }] : []);
  });

  it('believe Twilio where it has understood the text itself', async () => {
    const inbound = {
      MessageSid: 'SM3',
      SmsStatus: 'received',
      From: '+15551234567',
      Body: 'basta',
      OptOutType: 'STOP',
    };
    expect(await saidBy(dialect, signed(inbound))).toMatchObject([{ kind: 'stop' }]);
  });

  it('are refused with another body, URL, token or none', async () => {
    const right = twilioCallback(TOKEN, PUBLIC + TARGET, STATUS);
    const forged = [
      requestOf({ ...right, body: right.body.replaceAll('delivered', 'failed') }, TARGET),
      requestOf({ ...right, body: `${right.body}&Extra=1` }, TARGET),
      requestOf(right, TARGET.replace('?', '?a=1&')),
      requestOf(twilioCallback('54321', PUBLIC + TARGET, STATUS), TARGET),
      requestOf(twilioCallback(TOKEN, `https://elsewhere.example${TARGET}`, STATUS), TARGET),
      requestOf({ ...right, headers: {} }, TARGET),
      requestOf({ body: 'a=1&'.repeat(100_000), headers: right.headers }, TARGET),
    ];
    for (const request of forged) expect(await saidBy(dialect, request)).toEqual(FORGED);
  });
});

describe('callbacks of SendGrid', () => {
  const { privateKey, publicKey } = sendgridKeys();
  const dialect = new SendgridDialect(readPublicKey(publicKey));
  const TIMESTAMP = 1_600_112_502;
  /** Samples of twilio.com/docs/sendgrid/for-developers/tracking-events/event, with ids of ours. */
  const event = (more: object) => ({
    email: 'example@test.com',
    timestamp: TIMESTAMP,
    'smtp-id': `<${ID}@acme.example>`,
    sg_event_id: 'ZGVsaXZlcmVkLTAtMTQ5',
    sg_message_id: '14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0',
    ...more,
  });

  it('are signed in our tests as SendGrid’s own library verifies it', () => {
    const { body, headers } = sendgridCallback(privateKey, [event({ event: 'delivered' })]);
    const webhook = new EventWebhook();
    const verify = (payload: string) =>
      webhook.verifySignature(
        webhook.convertPublicKeyToECDSA(publicKey),
        Buffer.from(payload),
        headers['x-twilio-email-event-webhook-signature']!,
        headers['x-twilio-email-event-webhook-timestamp']!,
      );
    expect(verify(body)).toBe(true);
    expect(verify(`${body} `)).toBe(false);
  });

  it('take the sample that SendGrid’s own library is tested with', async () => {
    // sendgrid-nodejs packages/eventwebhook/src/eventwebhook.spec.js
    const key =
      'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==';
    const sample: SignedCallback = {
      body: '[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n',
      headers: {
        'x-twilio-email-event-webhook-signature':
          'MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=',
        'x-twilio-email-event-webhook-timestamp': '1600112502',
      },
    };
    expect(await saidBy(new SendgridDialect(readPublicKey(key)), requestOf(sample))).toMatchObject([
      { kind: 'bounced', class: 'suppress', providerMessageId: 'LRzXl_NHStOGhQ4kofSm_A' },
    ]);
  });

  it.each([
    [{ event: 'processed' }, { kind: 'sent' }],
    [
      { event: 'delivered', response: '250 OK' },
      { kind: 'delivered', at: new Date(TIMESTAMP * 1_000) },
    ],
    [
      { event: 'bounce', type: 'bounce', status: '5.0.0' },
      { kind: 'bounced', class: 'suppress' },
    ],
    [
      { event: 'bounce', type: 'blocked', status: '4.0.0' },
      { kind: 'bounced', class: 'permanent' },
    ],
    [
      { event: 'dropped', reason: 'Bounced Address' },
      { kind: 'bounced', class: 'suppress' },
    ],
    [
      { event: 'dropped', reason: 'Invalid SMTPAPI header' },
      { kind: 'bounced', class: 'permanent' },
    ],
    [{ event: 'spamreport' }, { kind: 'complaint' }],
    [{ event: 'unsubscribe' }, { kind: 'stop' }],
    [{ event: 'group_resubscribe', asm_group_id: 10 }, { kind: 'start' }],
  ])('read %o', async (more, expected) => {
    const heard = await saidBy(dialect, requestOf(sendgridCallback(privateKey, [event(more)])));
    expect(heard).toMatchObject([{ id: UUID, providerMessageId: '14c5d75ce93', ...expected }]);
    expect(JSON.stringify(heard)).not.toContain('example@test.com');
  });

  it('pass over what says nothing to us, and what is no event', async () => {
    const events = [
      event({ event: 'open' }),
      event({ event: 'toString' }),
      1,
      null,
      [],
      {},
      event({ event: 'delivered', sg_message_id: 'a b' }),
    ];
    expect(await saidBy(dialect, requestOf(sendgridCallback(privateKey, events as object[])))).toEqual([]);
  });

  it('read letters beyond ASCII as the bytes they are', async () => {
    const callback = sendgridCallback(
      privateKey,
      `[${JSON.stringify(event({ event: 'delivered', name: 'Zoë 🎉' }))}]\r\n`,
    );
    expect(await saidBy(dialect, requestOf(callback))).toMatchObject([{ kind: 'delivered' }]);
    expect(await saidBy(dialect, requestOf({ ...callback, body: callback.body.trim() }))).toEqual(FORGED);
  });

  it('are refused with another key, timestamp or signature', async () => {
    const right = sendgridCallback(privateKey, [event({ event: 'delivered' })]);
    const header = (name: string, value: string) => ({
      ...right,
      headers: { ...right.headers, [name]: value },
    });
    for (const forgery of [
      sendgridCallback(sendgridKeys().privateKey, [event({ event: 'delivered' })]),
      header('x-twilio-email-event-webhook-timestamp', '1'),
      header('x-twilio-email-event-webhook-signature', 'AAAA'),
      header('x-twilio-email-event-webhook-signature', ''),
      { ...right, headers: {} },
    ])
      expect(await saidBy(dialect, requestOf(forgery))).toEqual(FORGED);
  });

  it('say plainly when the configured key is none of theirs', () => {
    for (const key of ['', 'AAAA', 'not base64 ü', sendgridKeys().privateKey.asymmetricKeyType!])
      expect(() => readPublicKey(key)).toThrow('callbacks.public_key');
  });
});

describe('the generic callback', () => {
  const secret = genericSecret();
  const dialect = new GenericDialect({
    secret,
    addressOf: (text) => (text.includes('@') ? text : undefined),
  });
  const read = (body: object | string, more = {}) =>
    saidBy(dialect, requestOf(genericCallback(secret, body, more)));

  it('is what the Standard Webhooks’ own library signs and verifies', async () => {
    const callback = genericCallback(
      secret,
      { id: ID, status: 'delivered', note: 'Zoë 🎉' },
      { id: 'msg_1' },
    );
    expect(new Webhook(secret).verify(callback.body, callback.headers)).toMatchObject({
      status: 'delivered',
    });
    expect(await saidBy(dialect, requestOf(callback))).toMatchObject([
      { kind: 'delivered', id: UUID, key: 'msg_1' },
    ]);
  });

  it('may carry signatures of several secrets', async () => {
    const { body, headers } = genericCallback(secret, { id: ID, status: 'delivered' });
    const rotated = { ...headers, 'webhook-signature': `v1,AAAA v1a,x ${headers['webhook-signature']}` };
    expect(await saidBy(dialect, requestOf({ body, headers: rotated }))).toMatchObject([
      { kind: 'delivered' },
    ]);
  });

  it.each([
    [
      { provider_message_id: 'm-1', status: 'bounced', code: '5.1.1', hard: true },
      { providerMessageId: 'm-1', class: 'suppress', code: 'receipt_5.1.1' },
    ],
    [{ id: ID, status: 'bounced' }, { class: 'permanent' }],
    [
      { address: 'ada@example.com', status: 'stop' },
      { kind: 'stop', address: 'ada@example.com' },
    ],
    [{ id: ID, status: 'complaint', at: '2026-11-22T09:00:00Z' }, { at: new Date('2026-11-22T09:00:00Z') }],
  ])('reads %o', async (body, expected) => {
    expect(await read(body)).toMatchObject([expected]);
  });

  it('is refused when it is older or newer than five minutes, signed as it is', async () => {
    const at = (ms: number) => ({ at: new Date(NOW.getTime() + ms) });
    expect(await read({ id: ID, status: 'delivered' }, at(-290_000))).toMatchObject([{ kind: 'delivered' }]);
    expect(await read({ id: ID, status: 'delivered' }, at(-310_000))).toEqual(FORGED);
    expect(await read({ id: ID, status: 'delivered' }, at(310_000))).toEqual(FORGED);
  });

  it.each(['', 'whsec_', 'whsec_AAAA', 'secret', `whsec_${'A'.repeat(200)}`])(
    'takes no secret like “%s”',
    (weak) => {
      expect(() => new GenericDialect({ secret: weak, addressOf: () => undefined })).toThrow(
        'callbacks.secret',
      );
    },
  );
});
