-- The caller's own outbox: in the caller's database, written in the caller's own transactions.
CREATE TABLE notification_outbox (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  request    jsonb NOT NULL,                            -- a body of POST /v1/notifications, its business_id included
  due_at     timestamptz NOT NULL DEFAULT now(),
  refused_at timestamptz,                               -- a person has to look: see `answer`
  answer     jsonb                                      -- what was said to it last, when that was not yes
);
CREATE INDEX notification_outbox_due ON notification_outbox (due_at, id) WHERE refused_at IS NULL;
