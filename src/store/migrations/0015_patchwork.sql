-- By what numbers another Patchwork knows the patches that came from it, to post checks on them.
CREATE TABLE patchwork_patches (
  instance TEXT NOT NULL,        -- the address of its front page
  patch @INT@ NOT NULL,          -- its number there
  project TEXT NOT NULL,         -- as the configuration calls it
  msgid TEXT NOT NULL,           -- without angle brackets
  series @INT@ NOT NULL,         -- its series there; 0: none
  is_new @INT@ NOT NULL,         -- 1: what we know about it already is to be posted
  PRIMARY KEY (instance, patch)
) @STRICT@;
CREATE INDEX patchwork_patches_msgid ON patchwork_patches (substr(msgid, 1, 200));
CREATE INDEX patchwork_patches_new ON patchwork_patches (instance, patch) WHERE is_new = 1;

-- The newest check of each context that is, or is to be, on a patch there.
CREATE TABLE patchwork_checks (
  instance TEXT NOT NULL,
  patch @INT@ NOT NULL,
  context TEXT NOT NULL,
  project TEXT NOT NULL,         -- as the configuration calls it
  series @INT@ NOT NULL,         -- tracker's
  attempt @INT@ NOT NULL,        -- of its nodes
  state TEXT NOT NULL,           -- Patchwork's word
  target_url TEXT NOT NULL,
  description TEXT NOT NULL,
  stamp @INT@ NOT NULL,          -- a newer one has a higher one
  PRIMARY KEY (instance, patch, context)
) @STRICT@;
CREATE INDEX patchwork_checks_series ON patchwork_checks (series);
