import type { ChannelName } from '../domain/channel.js';
import type { Fault } from './fault.js';

export interface EmailParts {
  from: string;
  to: string;
  message_id: string | null;
  /** Our own queue id, as the 250 told it to the sender. */
  queue_id: string;
  text: string | null;
  html: string | null;
  attachments: { filename: string | null; mime_type: string; size_bytes: number }[];
  /** Why the parts are missing: a mail that is no MIME is still shown raw. */
  fault: string | null;
}

export interface SmsParts {
  sid: string;
  from: string;
  body: string;
  segments: number;
  encoding: string;
}

/** Standard Webhooks 1.0: whether any live secret of the endpoint made this signature over exactly this body. */
export type SignatureVerdict = 'valid' | 'invalid' | 'missing' | 'expired' | 'no_endpoint';

export interface HookParts {
  url: string;
  signature: SignatureVerdict;
  timestamp: string | null;
}

/** One thing that reached a catcher. */
export interface Arrival {
  channel: ChannelName;
  /** The mailbox, the E.164 number, or the name in `/sandbox/hooks/{name}`. */
  to: string;
  subject: string | null;
  /** As it came: the mail's source, the form's body, the webhook's body. */
  raw: string;
  parsed: EmailParts | SmsParts | HookParts;
  headers: [name: string, value: string][];
  /** `ntf_…`, where the protocol carries it. */
  notificationId: string | null;
  /** It arrived, and yet its sender was told nothing or something else. */
  fault: Fault | null;
}

/** An arrival as it is kept. */
export interface KeptArrival extends Arrival {
  id: number;
  receivedAt: Date;
  sizeBytes: number;
}

/** Where catchers put what they took. Resolves when it is durable: only then may a catcher say yes. */
export interface ArrivalSink {
  append(arrival: Arrival): Promise<void>;
}

const NOTIFICATION_ID = /ntf_[0-7][0-9a-hjkmnp-tv-z]{25}/;

/** The notification's id out of a Message-ID or a `webhook-id`. */
export const notificationIdIn = (text: string | null | undefined): string | null =>
  NOTIFICATION_ID.exec(text ?? '')?.[0] ?? null;
