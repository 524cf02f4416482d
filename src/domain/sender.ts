/**
 * What stands for an API key in the outbox: a number that every statement makes of the key's id by itself. Only turns and
 * counts depend on it, so two keys that share one, or another major version of PostgreSQL that counts otherwise, do no harm.
 */
export const SENDER_OF = (apiKeyId: string): string => `coalesce(hashtext(${apiKeyId}), 0)`;
