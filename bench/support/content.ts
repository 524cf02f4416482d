import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './root.js';

export type ContentOf = 'webhook' | 'email' | 'sms';

/** About 500 bytes, as an invoice's event has. */
export const INVOICE = {
  invoice: { id: 'in_2f8c1d', number: 'INV-1001', currency: 'EUR', total: '1299.00', due: '2026-12-24' },
  customer: { id: 'cus_81ab', name: 'Ada Lovelace', country: 'GB', plan: 'business' },
  lines: [
    { sku: 'seat-monthly', description: 'Seat, monthly', quantity: 12, unit: '99.00' },
    { sku: 'storage-100', description: 'Storage, 100 GB', quantity: 1, unit: '111.00' },
  ],
  links: {
    self: 'https://api.example.com/invoices/in_2f8c1d',
    pdf: 'https://files.example.com/in_2f8c1d.pdf',
  },
};

/** What a request carries on one channel. */
export interface Content {
  type: string;
  channel: ContentOf;
  /** JSON. */
  data: string;
  /** The address of the n-th. */
  to(at: number): string;
}

const NO_ENDPOINT = 'ep_00000000000000000000000000';

/** Mail and texts are the shipped templates with their own samples, so that rendering costs what it costs. */
export function contentFor(channel: ContentOf, endpoints: readonly string[]): Content {
  switch (channel) {
    case 'webhook':
      return {
        type: 'invoice.issued',
        channel,
        data: JSON.stringify(INVOICE),
        to: (at) => endpoints[at % endpoints.length] ?? NO_ENDPOINT,
      };
    case 'email':
      return {
        type: 'invoice.issued',
        channel,
        data: sampleOf('invoice.issued'),
        to: (at) => `customer-${at % 1000}@example.com`,
      };
    case 'sms':
      return { type: 'order.shipped', channel, data: sampleOf('order.shipped'), to: () => '+442079460958' };
  }
}

/** On one line: requests are written byte for byte. ASCII, so that its length is its bytes. */
export const sampleOf = (template: string): string =>
  JSON.stringify(
    JSON.parse(readFileSync(join(root, 'templates', template, 'sample.json'), 'utf8')),
  ).replaceAll(/[^\u0020-\u007e]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
