-- The oldest of a kind, whenever it is due.
CREATE INDEX outbox_written ON outbox (kind, id) WHERE state = 0;
