/** Where requests go, and what they carry. */
export interface Target {
  port: number;
  path: string;
  apiKey: string;
  /** `ep_…`: taken in turn. */
  endpoints: readonly string[];
  /** Notifications in one request; 1: the single form. */
  batch: number;
  /** Of every hundred notifications, how many repeat one that was accepted before. */
  duplicatesPercent: number;
}

/** About 700 bytes, as an invoice's event has. */
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
const DATA = JSON.stringify(INVOICE);

/** Writes requests for one caller: real ones, each with a key of its own, but for the duplicates asked for. */
export class RequestWriter {
  private readonly head: string;
  private written = 0;
  private lastItem: string | undefined;

  constructor(
    private readonly target: Target,
    /** Unique among all callers of all runs. */
    private readonly caller: string,
  ) {
    this.head =
      `POST ${target.path} HTTP/1.1\r\nhost: 127.0.0.1:${target.port}\r\nauthorization: Bearer ${target.apiKey}\r\n` +
      'content-type: application/json\r\naccept: application/json\r\ncontent-length: ';
  }

  next(): string {
    const body = this.target.batch === 1 ? this.item() : `{"notifications":[${this.items().join(',')}]}`;
    return `${this.head}${body.length}\r\n\r\n${body}`;
  }

  private items(): string[] {
    return Array.from({ length: this.target.batch }, () => this.item());
  }

  private item(): string {
    const at = this.written++;
    const { duplicatesPercent, endpoints } = this.target;
    // Repeats come evenly, and each repeats what the same caller has been answered for or sends along.
    const isRepeat = ((at + 1) * duplicatesPercent) % 100 < duplicatesPercent && this.lastItem !== undefined;
    if (isRepeat) return this.lastItem!;
    const to = endpoints[at % endpoints.length] ?? 'ep_00000000000000000000000000';
    this.lastItem =
      `{"type":"invoice.issued","recipient":"customer-${at % 1000}","business_id":"${this.caller}-${at}",` +
      `"channel":"webhook","to":"${to}","data":${DATA}}`;
    return this.lastItem;
  }
}
