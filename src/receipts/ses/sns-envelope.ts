import { parseJsonObject } from '../../channels/json-object.js';

/** What Amazon SNS posts. Source: docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html. */
export interface SnsEnvelope {
  Type: 'Notification' | 'SubscriptionConfirmation' | 'UnsubscribeConfirmation';
  MessageId: string;
  TopicArn: string;
  Message: string;
  Timestamp: string;
  SignatureVersion: string;
  Signature: string;
  SigningCertURL: string;
  Subject?: string;
  SubscribeURL?: string;
  Token?: string;
}

const TYPES = ['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation'];
const REQUIRED = [
  'Type',
  'MessageId',
  'TopicArn',
  'Message',
  'Timestamp',
  'SignatureVersion',
  'Signature',
  'SigningCertURL',
] as const;
const OPTIONAL = ['Subject', 'SubscribeURL', 'Token'] as const;

/** Undefined when it is none, or lacks what its signature covers. */
export function envelopeIn(body: Buffer): SnsEnvelope | undefined {
  const raw = parseJsonObject(body.toString('utf8'));
  if (!raw || !TYPES.includes(raw['Type'] as string)) return undefined;
  if (REQUIRED.some((name) => typeof raw[name] !== 'string')) return undefined;
  if (OPTIONAL.some((name) => raw[name] !== undefined && raw[name] !== null && typeof raw[name] !== 'string'))
    return undefined;
  const names = [...REQUIRED, ...OPTIONAL].filter((name) => typeof raw[name] === 'string');
  return Object.fromEntries(names.map((name) => [name, raw[name]])) as unknown as SnsEnvelope;
}
