-- The ordered event log. Ids are handed out in the order of commits (event_log.cpp sees to it).
CREATE TABLE events (
  id @ID@,
  time @INT@ NOT NULL,
  kind TEXT NOT NULL,
  series @INT@,
  node @INT@,
  payload TEXT NOT NULL
) @STRICT@;
CREATE INDEX events_series ON events (series, id) WHERE series IS NOT NULL;
CREATE INDEX events_node ON events (node, id) WHERE node IS NOT NULL;

-- Outward effects, written down before they happen.
-- state: 0 to be sent, 1 sent, 2 given up. A claim is a lease: it ends by itself.
CREATE TABLE outbox (
  id @ID@,
  key TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  state @INT@ NOT NULL DEFAULT 0,
  attempts @INT@ NOT NULL DEFAULT 0,
  due @INT@ NOT NULL,
  holder TEXT,
  lease_until @INT@ NOT NULL DEFAULT 0,
  error TEXT,
  created @INT@ NOT NULL,
  sent @INT@
) @STRICT@;
CREATE INDEX outbox_due ON outbox (kind, due, id) WHERE state = 0;

-- Where each source was last read.
CREATE TABLE cursors (
  source TEXT PRIMARY KEY,
  value TEXT NOT NULL
) @STRICT@;

-- What was read of sources whose items have names but no order.
CREATE TABLE read_names (
  source TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (source, name)
) @STRICT@;

-- Things only one process may do at a time.
CREATE TABLE leases (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  lease_until @INT@ NOT NULL
) @STRICT@;
