/** A time without PostgreSQL, as one process remembers it. */
export interface Outage {
  id: string;
  /** `host:pid` */
  where: string;
  summary: string;
  since: Date;
  raisedAt: Date;
}
