import type { PoolClient } from 'pg';

/** What a receipt means for the address itself, whatever becomes of the notification. */
export type SuppressionIntent = {
  channel: 'email' | 'sms';
  /** In its channel's normal form. */
  address: string;
  /** Who says so: `provider <name>`. */
  source: string;
  /** The one that it answers (a UUID). */
  notificationId?: string;
} & SuppressionVerdict;

export type SuppressionVerdict =
  { do: 'suppress'; reason: 'hard_bounce' | 'complaint' | 'stop' | 'unsubscribe' } | { do: 'allow' }; // START: takes back what a STOP or an unsubscribe said

/** Who keeps the list. Writes in the transaction that records the receipt: one is not there without the other. */
export abstract class SuppressionList {
  abstract apply(tx: PoolClient, intents: readonly SuppressionIntent[]): Promise<void>;
}
