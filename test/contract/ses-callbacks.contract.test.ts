import { createSign } from 'node:crypto';

import { beforeEach, describe, expect, it } from 'vitest';

import { fromPublicId } from '../../src/domain/public-id.js';
import type { Said } from '../../src/receipts/said.js';
import { SesDialect } from '../../src/receipts/ses/ses.dialect.js';
import type { SnsEnvelope } from '../../src/receipts/ses/sns-envelope.js';
import { signedTextOf } from '../../src/receipts/ses/sns-signature.js';
import { makeCertificate } from '../support/certificate.js';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:ses-receipts';
const CERTIFICATE_URL =
  'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem';
const SUBSCRIBE_URL = `https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=2336412f`;
const NOW = new Date();
const ID = 'ntf_01h455vb4pex5vsknk084sn02q';
const AMAZON = makeCertificate();

/** Samples of docs.aws.amazon.com/ses/latest/dg/notification-examples.html, with a mail of ours. */
const mail = {
  timestamp: '2026-11-22T14:59:38.237Z',
  messageId: '0000014644fe5ef6-9a483358-9170-4cb4-a269-f5dcdf415321-000000',
  source: 'no-reply@acme.example',
  destination: ['ada@example.com'],
  headersTruncated: false,
  headers: [
    { name: 'From', value: '"Acme" <no-reply@acme.example>' },
    { name: 'Message-ID', value: `<${ID}@acme.example>` },
  ],
  commonHeaders: { messageId: `<${ID}@acme.example>`, subject: 'Grüße' },
};
const bounce = {
  notificationType: 'Bounce',
  bounce: {
    bounceType: 'Permanent',
    bounceSubType: 'NoEmail',
    reportingMTA: 'dns; email.example.com',
    bouncedRecipients: [
      {
        emailAddress: 'ada@example.com',
        status: '5.1.1',
        action: 'failed',
        diagnosticCode: 'smtp; 550 5.1.1 <ada@example.com>... User',
      },
    ],
    timestamp: '2026-11-22T15:00:00.000Z',
    feedbackId: '00000138111222aa-33322211-cccc-cccc-cccc-ddddaaaa068a-000000',
  },
  mail,
};
const complaint = {
  notificationType: 'Complaint',
  complaint: {
    complainedRecipients: [{ emailAddress: 'ada@example.com' }],
    complaintFeedbackType: 'abuse',
    timestamp: '2026-11-22T15:10:00.000Z',
    feedbackId: '000001378603177f-18c07c78-fa81-4a58-9dd1-fedc3cb8f49a-000000',
  },
  mail,
};
const delivery = {
  notificationType: 'Delivery',
  mail,
  delivery: {
    timestamp: '2026-11-22T14:59:39.000Z',
    recipients: ['ada@example.com'],
    processingTimeMillis: 546,
    smtpResponse: '250 ok:  Message 64111812 accepted',
  },
};

describe('callbacks of Amazon SES over SNS', () => {
  let fetched: string[];
  let pages: Record<string, string>;
  let dialect: SesDialect;
  beforeEach(() => {
    fetched = [];
    pages = { [CERTIFICATE_URL]: AMAZON.pem };
    dialect = new SesDialect(TOPIC, async (url) => {
      fetched.push(url.href);
      return pages[url.href];
    });
  });

  const envelope = (message: object | string, changes: Partial<SnsEnvelope> = {}): SnsEnvelope => ({
    Type: 'Notification',
    MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
    TopicArn: TOPIC,
    Message: typeof message === 'string' ? message : JSON.stringify(message),
    Timestamp: NOW.toISOString(),
    SignatureVersion: '2',
    Signature: '',
    SigningCertURL: CERTIFICATE_URL,
    ...changes,
  });
  const signed = (unsigned: SnsEnvelope, { privateKey } = AMAZON): SnsEnvelope => ({
    ...unsigned,
    Signature: createSign('sha256').update(signedTextOf(unsigned)).sign(privateKey, 'base64'),
  });
  const read = (body: SnsEnvelope | string, now = NOW) =>
    dialect.read(
      {
        target: '/v1/callbacks/ses',
        headers: { 'content-type': 'text/plain; charset=UTF-8' },
        body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      },
      now,
    );
  const saidBy = async (event: object) => {
    const reading = await read(signed(envelope(event)));
    return reading.is === 'said' ? reading.said : reading;
  };

  it('signs what Amazon documents: name and value a line each, in its order, with a subject where there is one', () => {
    const { Message, MessageId, Timestamp } = envelope('hello');
    expect(signedTextOf(envelope('hello', { Subject: 'My subject' }))).toBe(
      `Message\n${Message}\nMessageId\n${MessageId}\nSubject\nMy subject\nTimestamp\n${Timestamp}\n` +
        `TopicArn\n${TOPIC}\nType\nNotification\n`,
    );
    expect(signedTextOf(envelope('hello'))).not.toContain('Subject');
    expect(
      signedTextOf(envelope('hi', { Type: 'SubscriptionConfirmation', SubscribeURL: 'u', Token: 't' })),
    ).toBe(
      `Message\nhi\nMessageId\n${MessageId}\nSubscribeURL\nu\nTimestamp\n${Timestamp}\nToken\nt\nTopicArn\n${TOPIC}\n` +
        'Type\nSubscriptionConfirmation\n',
    );
  });

  it('reads a bounce, a complaint and a delivery, and finds the mail by the Message-ID that we wrote', async () => {
    const about = { id: fromPublicId('notification', ID), providerMessageId: mail.messageId };
    expect(await saidBy(bounce)).toMatchObject([
      {
        ...about,
        kind: 'bounced',
        class: 'suppress',
        code: 'ses_permanent_noemail',
        at: new Date(bounce.bounce.timestamp),
      },
    ]);
    expect(await saidBy(complaint)).toMatchObject([
      { ...about, kind: 'complaint', code: 'ses_complaint_abuse' },
    ]);
    expect(await saidBy(delivery)).toMatchObject([{ ...about, kind: 'delivered', code: 'ses_delivery' }]);
    expect(JSON.stringify([await saidBy(bounce), await saidBy(complaint)])).not.toContain('ada@example.com');
  });

  it('reads the same as an event of a configuration set, and its “Send”', async () => {
    const { notificationType, ...rest } = delivery;
    expect(await saidBy({ eventType: notificationType, ...rest })).toMatchObject([{ kind: 'delivered' }]);
    expect(await saidBy({ eventType: 'Send', send: {}, mail })).toMatchObject([{ kind: 'sent' }]);
  });

  it('does without the original headers: by the id of SES alone', async () => {
    const { headers: _, ...bare } = mail;
    const [one] = (await saidBy({ ...delivery, mail: bare })) as Said[];
    expect(one).toMatchObject({ providerMessageId: mail.messageId });
    expect(one).not.toHaveProperty('id');
  });

  it('blames the address only for a permanent bounce', async () => {
    const transient = {
      ...bounce,
      bounce: { ...bounce.bounce, bounceType: 'Transient', bounceSubType: 'MailboxFull' },
    };
    expect(await saidBy(transient)).toMatchObject([
      { class: 'permanent', code: 'ses_transient_mailboxfull' },
    ]);
  });

  it('takes what says nothing to us: delays, opens, prose', async () => {
    expect(await saidBy({ eventType: 'DeliveryDelay', mail })).toEqual([]);
    expect(await saidBy({ eventType: 'constructor', mail })).toEqual([]);
    const prose = 'Successfully validated SNS topic for Amazon SES event publishing.';
    expect(await read(signed(envelope(prose)))).toEqual({ is: 'said', said: [] });
  });

  it('reads letters beyond ASCII as the bytes they are', async () => {
    const body = JSON.stringify(signed(envelope({ ...delivery, note: 'Zoë 🎉 \u2028 "quoted"' })));
    expect(await read(body)).toMatchObject({ is: 'said', said: [{ kind: 'delivered' }] });
    expect(await read(body.replace('Zoë', 'Zoe'))).toEqual({ is: 'forged' });
  });

  it.each<[string, () => SnsEnvelope | string]>([
    ['no envelope', () => '{}'],
    ['a raw message, which is not signed', () => JSON.stringify(bounce)],
    ['another topic', () => signed(envelope(bounce, { TopicArn: `${TOPIC}-2` }))],
    ['SHA-1', () => signed(envelope(bounce, { SignatureVersion: '1' }))],
    ['a changed message', () => ({ ...signed(envelope(bounce)), Message: JSON.stringify(delivery) })],
    ['a changed id', () => ({ ...signed(envelope(bounce)), MessageId: 'another' })],
    ['a subject that was not signed', () => ({ ...signed(envelope(bounce)), Subject: 'new' })],
    ['another key', () => signed(envelope(bounce), makeCertificate())],
    ['no signature', () => envelope(bounce)],
    ['garbage for one', () => ({ ...envelope(bounce), Signature: '%%%' })],
  ])('refuses %s', async (_, body) => {
    expect(await read(body())).toEqual({ is: 'forged' });
  });

  it.each([
    'http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem',
    'https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0123456789abcdef.pem',
    'https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-0123456789abcdef.pem',
    'https://evil.example/SimpleNotificationService-0123456789abcdef.pem',
    'https://s3.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem',
    'https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-0123456789abcdef.pem',
    'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem',
    'https://sns.eu-west-1.amazonaws.com/evil.pem',
    'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem?x=1',
    'file:///etc/passwd',
    'not a url',
  ])('fetches no certificate from %s', async (SigningCertURL) => {
    pages[SigningCertURL] = AMAZON.pem;
    expect(await read(signed(envelope(bounce, { SigningCertURL })))).toEqual({ is: 'forged' });
    expect(fetched).toEqual([]);
  });

  it('fetches a certificate once, and asks to be called again while it cannot be had', async () => {
    pages = {};
    expect(await read(signed(envelope(bounce)))).toEqual({ is: 'unverified' });
    pages = { [CERTIFICATE_URL]: AMAZON.pem };
    await Promise.all(Array.from({ length: 5 }, () => read(signed(envelope(bounce)))));
    expect(fetched).toEqual([CERTIFICATE_URL, CERTIFICATE_URL]);
  });

  it('makes at most ten fetches a minute, however many URLs are named', async () => {
    const named = (i: number) => CERTIFICATE_URL.replace('0123', String(1_000 + i));
    for (let i = 0; i < 50; i++) await read(signed(envelope(bounce, { SigningCertURL: named(i) })));
    expect(fetched).toHaveLength(10);
    expect(await read(signed(envelope(bounce)), new Date(NOW.getTime() + 60_000))).toMatchObject({
      is: 'said',
    });
  });

  it('takes no certificate that is not valid yet, or no longer', async () => {
    const [day, week] = [86_400_000, 7 * 86_400_000];
    expect(await read(signed(envelope(bounce)), new Date(NOW.getTime() + week))).toEqual({ is: 'forged' });
    expect(await read(signed(envelope(bounce)), new Date(NOW.getTime() - 2 * day))).toEqual({ is: 'forged' });
  });

  describe('asked to confirm a subscription', () => {
    const confirmation = (SubscribeURL: string, changes: Partial<SnsEnvelope> = {}) =>
      envelope('You have chosen to subscribe', {
        Type: 'SubscriptionConfirmation',
        Token: '2336412f',
        SubscribeURL,
        ...changes,
      });

    it('does so for the pinned topic, at Amazon', async () => {
      pages[SUBSCRIBE_URL] = '<ConfirmSubscriptionResponse/>';
      expect(await read(signed(confirmation(SUBSCRIBE_URL)))).toEqual({ is: 'said', said: [] });
      expect(fetched).toEqual([CERTIFICATE_URL, SUBSCRIBE_URL]);
    });

    it('asks for another call when Amazon does not answer', async () => {
      expect(await read(signed(confirmation(SUBSCRIBE_URL)))).toEqual({ is: 'unverified' });
    });

    it.each([
      'https://169.254.169.254/?Action=ConfirmSubscription',
      'https://evil.example/?Action=ConfirmSubscription',
      'http://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription',
      'https://sns.eu-west-1.amazonaws.com/?Action=DeleteTopic',
    ])('calls no %s', async (url) => {
      pages[url] = 'x';
      expect(await read(signed(confirmation(url)))).toEqual({ is: 'unreadable' });
      expect(fetched).toEqual([CERTIFICATE_URL]);
    });

    it('confirms no other topic, and nothing unsigned', async () => {
      expect(await read(signed(confirmation(SUBSCRIBE_URL, { TopicArn: `${TOPIC}-2` })))).toEqual({
        is: 'forged',
      });
      expect(await read(confirmation(SUBSCRIBE_URL))).toEqual({ is: 'forged' });
      expect(fetched).toEqual([CERTIFICATE_URL]);
    });
  });
});
