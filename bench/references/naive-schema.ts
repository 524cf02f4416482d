/** The tables of the design that most services begin with. */
export const NAIVE_SCHEMA = `
  CREATE TABLE notifications (
    id          uuid PRIMARY KEY,
    type        text NOT NULL,
    recipient   text NOT NULL,
    business_id text NOT NULL,
    data        jsonb NOT NULL,
    status      text NOT NULL DEFAULT 'accepted',
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (type, recipient, business_id)
  );
  CREATE TABLE outbox (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    notification_id uuid NOT NULL REFERENCES notifications (id),
    published_at    timestamptz
  );
  CREATE INDEX ON outbox (id) WHERE published_at IS NULL;
  CREATE TABLE attempts (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    notification_id uuid NOT NULL REFERENCES notifications (id),
    status          integer NOT NULL,
    at              timestamptz NOT NULL DEFAULT now()
  );`;
