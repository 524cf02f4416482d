import pg from 'pg';

import { OUTBOX_CHANNEL } from '../domain/wake-up.js';

/** Waited before listening again after the connection broke. Milliseconds. */
const RECONNECT_MS = 500;

/**
 * Hears the outbox's NOTIFY on a connection of its own (a pooled one would lose the subscription; so would PgBouncer in
 * transaction mode). A wake-up may be lost: the relay polls besides.
 */
export class WakeListener {
  private client: pg.Client | undefined;
  private retry: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    private readonly connectionString: string,
    /** `word`: what the wake-up says beside. */
    private readonly onWake: (word: string) => void,
  ) {}

  async start(): Promise<void> {
    if (this.isClosed) return;
    const client = new pg.Client({
      connectionString: this.connectionString,
      application_name: 'posthaste-listen',
      keepAlive: true,
    });
    this.client = client;
    client.on('notification', ({ payload }) => this.onWake(payload ?? ''));
    client.on('error', () => undefined); // followed by 'end'
    client.on('end', () => this.startLater());
    try {
      await client.connect();
      await client.query(`LISTEN ${OUTBOX_CHANNEL}`);
      this.onWake(''); // what was committed while nobody listened
    } catch {
      this.startLater();
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.retry);
    await this.client?.end().catch(() => undefined);
  }

  private startLater(): void {
    if (this.isClosed) return;
    clearTimeout(this.retry);
    this.client?.removeAllListeners('end');
    void this.client?.end().catch(() => undefined);
    this.retry = setTimeout(() => void this.start(), RECONNECT_MS);
  }
}
