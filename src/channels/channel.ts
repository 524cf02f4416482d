import type { TObject } from 'typebox';

import type { ChannelName, Lane } from '../domain/channel.js';
import type { ErrorClass, Outcome } from '../domain/outcome.js';
import type { ProviderConfig } from '../platform/config/posthaste-file.js';

/**
 * The port between the spine and the world. A channel knows addresses and content; a provider knows one wire protocol.
 * A new provider is a folder with one `ProviderKind`, and a line in its channel's `kinds`.
 */
export interface EmailContent {
  kind: 'email';
  subject: string;
  html?: string;
  text: string;
  /** Bulk mail only: where the recipient says that it shall end (RFC 8058). */
  unsubscribeUrl?: string;
}

export interface SmsContent {
  kind: 'sms';
  text: string;
  /** The parts it is billed as. */
  segments: number;
}

export interface WebhookContent {
  kind: 'webhook';
  /** The exact bytes that are signed and sent (JSON, UTF-8): equal on every attempt. */
  body: string;
}

export type Content = EmailContent | SmsContent | WebhookContent;

/** One call to a provider: who, what, and under which key. */
export interface Parcel<C extends Content = Content> {
  /** `ntf_…`, the same on every attempt. */
  id: string;
  /**
   * What the provider is to recognise a repetition by: the id where the content never changes (webhook-id), else the id
   * with a digest of the content behind a dot (Message-ID, Idempotency-Key). Other content never goes under a key that is used.
   */
  key: string;
  type: string;
  /** The normalised address: one mailbox, an E.164 number, an endpoint's id. */
  to: string;
  attempt: number;
  content: C;
}

/** What is known of a message that may have been sent. */
export interface Evidence<C extends Content = Content> {
  /** The normalised address. */
  to: string;
  /** It was taken between these, if at all. */
  since: Date;
  until: Date;
  /** Whether this is the content that was sent. */
  isSame: (content: C) => boolean;
}

/** A message that a provider has, and how it stands there. */
export interface Match {
  providerMessageId: string;
  /** `bounced`: it was taken and did not arrive. */
  status: 'sent' | 'delivered' | 'bounced';
  /** The provider's own word. Sanitised. */
  code: string;
  class: ErrorClass | null;
}

/** `unanswered`: nothing is known; to be asked again. */
export type Inquiry =
  { kind: 'answered'; matches: readonly Match[] } | { kind: 'unanswered'; code: string; detail: string };

export interface Call {
  /** Fires at shutdown. Providers keep their own deadlines besides. */
  signal: AbortSignal;
  /** Where its trace goes on, for providers that pass it on. */
  traceparent?: string | undefined;
  /** The database's clock: what we sign and date must not depend on this machine's. */
  now(): Date;
}

export interface Provider<C extends Content = Content> {
  readonly name: string;
  readonly channel: ChannelName;
  readonly kind: string;
  /**
   * Reads what the call needs and no caller has, before the worker's lease is looked at for the last time. What it throws
   * is a fault of ours: nobody has been called. Undefined: it has it already.
   */
  prepare?(parcel: Parcel<C>): Promise<unknown> | undefined;
  /**
   * Makes the call. Answers with a value for everything the world can do, never throws for it; what it throws is a bug.
   * `in_doubt` whenever the request could have left and no answer says what became of it.
   */
  send(parcel: Parcel<C>, call: Call): Promise<Outcome>;
  /**
   * Asks whether it has a message, where it can be asked: oldest first, bounded in time and bytes. Answers with a value for
   * everything the world can do.
   */
  find?(evidence: Evidence<C>, call: Call): Promise<Inquiry>;
  /** Frees sockets. Calls under way may be cut. */
  close(): Promise<void>;
}

/** One wire protocol: its configuration's schema and how a provider is made from it. */
export interface ProviderKind<C extends Content = Content> {
  readonly kind: string;
  /** The fields of `posthaste.yaml` beyond the common ones. */
  readonly options: TObject;
  /**
   * How long, from the first call under a key, it recognises a repetition. Milliseconds; 0: it does not; Infinity: for as long
   * as it matters.
   */
  keyLifeMs(config: ProviderConfig): number;
  /** Whether its providers have `find`. */
  readonly canBeAsked: boolean;
  /** What of a message is the provider's own, as it is configured: its sender. */
  senderOf(config: ProviderConfig): string;
  create(config: ProviderConfig): Provider<C>;
}

/** What rendering may depend on: the caller's words, nothing of the delivery. */
export interface Letter {
  /** `ntf_…` */
  id: string;
  type: string;
  template: string;
  locale: string | undefined;
  data: Record<string, unknown>;
  /** When it was accepted: a webhook's `timestamp`. */
  createdAt: Date;
  lane: Lane;
}

export interface Channel<C extends Content = Content> {
  readonly name: ChannelName;
  readonly kinds: readonly ProviderKind<C>[];
  /** The address in its normal form, or a sentence that says what is wrong with it. */
  parseAddress(to: string): { address: string } | { fault: string };
  /** The country (ISO 3166, two letters) that an address belongs to, where the address says so. */
  countryOf?(address: string): string | undefined;
  /** Whether content is more than the data as it is, so that data can fail to fit it. */
  readonly isTemplated: boolean;
  /** Whether the type can be composed at all: the template exists. */
  hasTemplate(template: string): boolean;
  /** Pure. Throws TemplateError when the data does not fit the template. */
  compose(letter: Letter): C;
}
