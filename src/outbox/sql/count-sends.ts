/** Slots of this length add up to the window of the retry budget. Seconds. */
export const SLOT_S = 5;

export const PRESENT_SLOT = `floor(extract(epoch FROM clock_timestamp()) / ${SLOT_S})::bigint`;

/** Counts what `published` marked, by the parameter that names the provider: the count commits with the marks. */
export const COUNT_SENDS = (provider: string): string => `
  INSERT INTO sends AS s (kind, key, slot, firsts, retries)
  SELECT 'provider', ${provider}, ${PRESENT_SLOT}, count(*) FILTER (WHERE NOT is_retry), count(*) FILTER (WHERE is_retry)
    FROM published HAVING count(*) > 0
  ON CONFLICT (kind, key, slot) DO UPDATE
    SET firsts = s.firsts + excluded.firsts, retries = s.retries + excluded.retries`;

/** Nobody was called: what `taken_back` (endpoint_id, is_retry) counted is subtracted, in the same commit. */
export const UNCOUNT_SENDS = (provider: string): string => `
  uncounted AS (
    INSERT INTO sends AS s (kind, key, slot, firsts, retries)
    SELECT 'provider', ${provider}, ${PRESENT_SLOT}, -count(*) FILTER (WHERE NOT is_retry), -count(*) FILTER (WHERE is_retry)
      FROM taken_back HAVING count(*) > 0
    ON CONFLICT (kind, key, slot) DO UPDATE
      SET firsts = s.firsts + excluded.firsts, retries = s.retries + excluded.retries
  ), uncounted_by_endpoint AS (
    INSERT INTO sends AS s (kind, key, slot, retries)
    SELECT 'endpoint', endpoint_id::text, ${PRESENT_SLOT}, -count(*)
      FROM taken_back WHERE is_retry AND endpoint_id IS NOT NULL GROUP BY endpoint_id ORDER BY endpoint_id
    ON CONFLICT (kind, key, slot) DO UPDATE SET retries = s.retries + excluded.retries
  )`;
