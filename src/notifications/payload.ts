import { Inject, Injectable } from '@nestjs/common';

import { Sealer } from '../platform/crypto/sealer.js';
import type { Claimed } from './claimed.js';

/** What the caller entrusted to us, sealed in one column so that it is erased in one. */
export interface Payload {
  /** The normalised address. */
  to: string;
  data: Record<string, unknown>;
  metadata?: Record<string, unknown>;
  /** The recipient's, as the caller gave it. */
  timeZone?: string;
}

/** A notification's content as it is stored. */
export type Sealed = Pick<Claimed, 'id' | 'payload' | 'eventId' | 'eventPayload'>;

/** Seals payloads, each bound to its notification's id. */
@Injectable()
export class PayloadVault {
  constructor(@Inject(Sealer) private readonly sealer: Sealer) {}

  /** `dataJson`: the data already written as JSON, as the door does to measure it. */
  seal(
    id: string,
    to: string,
    dataJson: string,
    metadata: Record<string, unknown> | undefined,
    timeZone?: string,
  ): Buffer {
    const zone = timeZone === undefined ? '' : `,"timeZone":${JSON.stringify(timeZone)}`;
    const rest = (metadata === undefined ? '' : `,"metadata":${JSON.stringify(metadata)}`) + zone;
    return this.sealer.seal(`{"to":${JSON.stringify(to)},"data":${dataJson}${rest}}`, id);
  }

  open(id: string, sealed: Buffer): Payload {
    return JSON.parse(this.sealer.open(sealed, id).toString('utf8')) as Payload;
  }

  /** An event's data, sealed once for all that tell it; bound to the event's id. */
  sealEvent(eventId: string, dataJson: string): Buffer {
    return this.sealer.seal(dataJson, eventId);
  }

  /** What is to be sent: of one that tells an event, the data is the event's. */
  openToSend({ id, payload, eventId, eventPayload }: Sealed): Payload {
    const own = this.open(id, payload);
    if (eventId === null) return own;
    if (eventPayload === null) throw new Error('The data of its event has been erased.');
    const data = JSON.parse(this.sealer.open(eventPayload, eventId).toString('utf8')) as Payload['data'];
    return { ...own, data };
  }
}
