import { type CallbackRequest, type Dialect, FORGED, type Reading, said } from '../dialect.js';
import { saidBySes } from './ses-event.js';
import { type Fetch, SnsCertificates } from './sns-certificates.js';
import { envelopeIn, type SnsEnvelope } from './sns-envelope.js';
import { isSignedBySns } from './sns-signature.js';
import { certificateUrl, regionOf, snsUrl } from './sns-url.js';

/**
 * Amazon SES by way of an SNS topic. Only the pinned topic is heard: anybody can make a topic of their own, and Amazon
 * signs for all of them. A subscription is confirmed by ourselves, once its signature and its topic are right, and by no
 * other URL than the region's SNS.
 */
export class SesDialect implements Dialect {
  readonly #topicArn: string;
  readonly #region: string;
  readonly #fetch: Fetch;
  readonly #certificates: SnsCertificates;

  /** Throws an Error that names the option. */
  constructor(topicArn: string, fetch: Fetch) {
    const region = regionOf(topicArn);
    if (region === undefined)
      throw new Error('callbacks.topic_arn must be arn:aws:sns:<region>:<account>:<topic>');
    this.#topicArn = topicArn;
    this.#region = region;
    this.#fetch = fetch;
    this.#certificates = new SnsCertificates(fetch);
  }

  async read({ body }: CallbackRequest, now: Date): Promise<Reading> {
    const envelope = envelopeIn(body);
    // Cheap questions first: a stranger costs us no call to Amazon.
    const url = envelope && certificateUrl(envelope.SigningCertURL, this.#region);
    if (!envelope || !url || envelope.TopicArn !== this.#topicArn) return FORGED;
    if (envelope.SignatureVersion !== '2') return FORGED;
    const certificate = await this.#certificates.get(url, now.getTime());
    if (certificate === undefined) return { is: 'unverified' };
    if (!isSignedBySns(envelope, certificate, now)) return FORGED;
    return this.#heard(envelope, now);
  }

  async #heard(envelope: SnsEnvelope, now: Date): Promise<Reading> {
    if (envelope.Type === 'SubscriptionConfirmation') return this.#confirm(envelope);
    if (envelope.Type === 'UnsubscribeConfirmation') return said();
    const all = saidBySes(envelope.Message, now);
    // SES itself writes one line of prose to a topic that is newly connected.
    return all ? said(...all) : said();
  }

  async #confirm({ SubscribeURL }: SnsEnvelope): Promise<Reading> {
    const url = snsUrl(SubscribeURL, this.#region);
    if (!url || url.searchParams.get('Action') !== 'ConfirmSubscription') return { is: 'unreadable' };
    return (await this.#fetch(url)) === undefined ? { is: 'unverified' } : said();
  }
}
