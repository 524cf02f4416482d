/** Where relays hear that something is in the outbox. */
export const OUTBOX_CHANNEL = 'posthaste_outbox';

/** SQL that wakes the relays when its transaction commits. */
export const WAKE_RELAYS = `pg_notify('${OUTBOX_CHANNEL}', '')`;
