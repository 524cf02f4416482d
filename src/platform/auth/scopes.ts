export const SCOPES = ['send', 'read', 'endpoints', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** `admin` may do everything. */
export const allows = (held: readonly Scope[], needed: Scope): boolean =>
  held.includes(needed) || held.includes('admin');
