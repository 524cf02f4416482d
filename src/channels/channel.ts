import type { TObject } from 'typebox';

import type { ChannelName, Lane } from '../domain/channel.js';
import type { Outcome } from '../domain/outcome.js';
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
  /** `ntf_…`: the idempotency key, the same on every attempt (webhook-id, Message-ID, …). */
  id: string;
  type: string;
  /** The normalised address: one mailbox, an E.164 number, an endpoint's id. */
  to: string;
  attempt: number;
  content: C;
}

export interface Call {
  /** Fires at shutdown. Providers keep their own deadlines besides. */
  signal: AbortSignal;
  /** The database's clock: what we sign and date must not depend on this machine's. */
  now(): Date;
}

export interface Provider<C extends Content = Content> {
  readonly name: string;
  readonly channel: ChannelName;
  readonly kind: string;
  /**
   * Reads what the call needs and no caller has, before the worker's lease is looked at for the last time. What it throws
   * is a fault of ours: nobody has been called.
   */
  prepare?(parcel: Parcel<C>): Promise<void>;
  /**
   * Makes the call. Answers with a value for everything the world can do, never throws for it; what it throws is a bug.
   * `in_doubt` whenever the request could have left and no answer says what became of it.
   */
  send(parcel: Parcel<C>, call: Call): Promise<Outcome>;
  /** Frees sockets. Calls under way may be cut. */
  close(): Promise<void>;
}

/** One wire protocol: its configuration's schema and how a provider is made from it. */
export interface ProviderKind<C extends Content = Content> {
  readonly kind: string;
  /** The fields of `posthaste.yaml` beyond the common ones. */
  readonly options: TObject;
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
  /** Whether the type can be composed at all: the template exists. */
  hasTemplate(template: string): boolean;
  /** Pure. Throws TemplateError when the data does not fit the template. */
  compose(letter: Letter): C;
}
