-- The state of a patch at another Patchwork as we set it, and whether a person has set one since.
CREATE TABLE patchwork_states (
  instance TEXT NOT NULL,
  patch @INT@ NOT NULL,
  project TEXT NOT NULL,         -- as the configuration calls it
  wanted TEXT NOT NULL,          -- a slug: what we set, or are about to; empty: nothing
  seen TEXT NOT NULL,            -- the state it is set from
  echoes TEXT NOT NULL,          -- slugs we set, of which no event has told yet; between commas
  is_left @INT@ NOT NULL,        -- 1: a person has set one; it is left alone
  stamp @INT@ NOT NULL,          -- a newer wish has a higher one
  PRIMARY KEY (instance, patch)
) @STRICT@;
