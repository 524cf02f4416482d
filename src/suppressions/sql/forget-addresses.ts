import type { PoolClient } from 'pg';

/** Blanks the sealed addresses of suppressions; `suppressions_key` finds them by the hash, which stays. */
export async function forgetAddresses(tx: PoolClient, hashes: readonly string[]): Promise<void> {
  if (hashes.length === 0) return;
  await tx.query({
    name: 'forget_suppressed_addresses',
    text: `UPDATE suppressions SET address = NULL
            WHERE address_hash = ANY (ARRAY(SELECT decode(h, 'hex') FROM unnest($1::text[]) AS h)) AND address IS NOT NULL`,
    values: [hashes],
  });
}
