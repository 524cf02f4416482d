/**
 * What a provider says of a message after it has taken it.
 *
 * - `sent`       it has the message: nothing new, unless we were in doubt about that
 * - `delivered`  the receiver took it
 * - `bounced`    it will not arrive
 * - `complaint`  it arrived, and the recipient called it spam
 * - `stop`       the recipient wants nothing more; `start`: wants it again
 */
export const RECEIPT_KINDS = ['sent', 'delivered', 'bounced', 'complaint', 'stop', 'start'] as const;
export type ReceiptKind = (typeof RECEIPT_KINDS)[number];

/** The kinds that can change a status. */
export const SETTLING_KINDS = ['sent', 'delivered', 'bounced'] as const satisfies readonly ReceiptKind[];
export type SettlingKind = (typeof SETTLING_KINDS)[number];

export const isSettling = (kind: ReceiptKind): kind is SettlingKind =>
  (SETTLING_KINDS as readonly ReceiptKind[]).includes(kind);

interface Word {
  kind: ReceiptKind;
  /** By the provider's clock. */
  at: Date;
}

/**
 * Of several receipts for one notification the one that speaks: an end before `sent`, however they were reordered on the
 * way; of two ends the earlier. Undefined where none can change a status.
 */
export function decisiveOf<W extends Word>(words: readonly W[]): (W & { kind: SettlingKind }) | undefined {
  const settling = words.filter((word): word is W & { kind: SettlingKind } => isSettling(word.kind));
  return settling.sort(
    (a, b) => Number(a.kind === 'sent') - Number(b.kind === 'sent') || a.at.getTime() - b.at.getTime(),
  )[0];
}
