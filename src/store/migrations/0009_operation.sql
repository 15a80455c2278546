-- What operating a service needs beyond the work itself.

-- Access tokens; the secret itself is nowhere.
CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,     -- SHA-256 of the secret
  name TEXT NOT NULL,
  owner TEXT NOT NULL,
  scopes TEXT NOT NULL,          -- separated by newlines; *: every scope
  created @INT@ NOT NULL,
  expires @INT@,
  revoked @INT@,
  last_used @INT@                -- at most a minute old
) @STRICT@;

-- How the running service sees itself, for who asks without it. item is empty for a part as a
-- whole, else one source, tree or worker of it.
CREATE TABLE service_health (
  part TEXT NOT NULL,
  item TEXT NOT NULL,
  state TEXT NOT NULL,
  since @INT@ NOT NULL,          -- in this state
  seen @INT@ NOT NULL,           -- written last
  message TEXT NOT NULL,
  todo TEXT NOT NULL,            -- what a person should do
  PRIMARY KEY (part, item)
) @STRICT@;
