/**
 * The pieces of SQL by which other slices take part in the list inside their own statements: the door and the claim look an
 * address up, the outcome adds one in its commit. Here, so that the list has one definition.
 */

/**
 * A scalar: a reason that suppresses this address for this type, or NULL. One probe of `suppressions_key` a row. Where several
 * stand, any of them is true: to sort them would cost each claim a sort node for each row.
 */
export const suppressedBy = (addressHash: string, type: string): string => `(
  SELECT s.reason FROM suppressions s
   WHERE s.address_hash = ${addressHash} AND s.type IN ('', ${type}) AND (s.expires_at IS NULL OR s.expires_at > now())
   LIMIT 1)`;

/** The rows of a JSON parameter that holds SuppressionDrafts. */
export const draftsIn = (parameter: string): string => `jsonb_to_recordset(${parameter}::jsonb)
      AS d (id uuid, channel text, address_hash text, address text, type text, reason text, source text,
            notification_id uuid, expires_at timestamptz, said_at timestamptz, times integer, within_days integer)`;

/**
 * Two CTEs, `struck` and `suppressed`, that write what the CTE `drafts` holds.
 *
 * In the order of the hashes, each key once: two statements with the same addresses wait for each other, never deadlock,
 * and none touches a row twice. A suppression in force stays as it is; one that ends sooner than the new is renewed. What
 * counts only after several is compared with the strikes of other notifications; of two that come at the same moment
 * neither may see the other, and the next one does.
 */
export const SUPPRESS_DRAFTS = `
  struck AS (
    INSERT INTO suppression_strikes (address_hash, notification_id)
    SELECT decode(d.address_hash, 'hex'), d.notification_id FROM drafts d WHERE d.times > 1
     ORDER BY 1, 2
    ON CONFLICT DO NOTHING
  ), suppressed AS (
    INSERT INTO suppressions AS known (id, channel, address_hash, address, type, reason, source, notification_id, expires_at,
                                      created_at)
    SELECT DISTINCT ON (d.address_hash, d.type, d.reason)
           d.id, d.channel, decode(d.address_hash, 'hex'), decode(d.address, 'base64'), d.type, d.reason, d.source,
           d.notification_id, d.expires_at, least(d.said_at, now())
      FROM drafts d
     WHERE d.times <= 1 + (SELECT count(*) FROM suppression_strikes s
                            WHERE s.address_hash = decode(d.address_hash, 'hex') AND s.notification_id <> d.notification_id
                              AND s.struck_at > now() - d.within_days * interval '1 day')
     ORDER BY d.address_hash, d.type, d.reason
    ON CONFLICT (address_hash, type, reason) DO UPDATE
       SET expires_at = excluded.expires_at, source = excluded.source, notification_id = excluded.notification_id,
           created_at = excluded.created_at
     WHERE known.expires_at IS NOT NULL AND (excluded.expires_at IS NULL OR excluded.expires_at > known.expires_at)
    RETURNING id, address_hash, type, reason
  )`;
