-- Revisions of series at a Patchwork of the freedesktop edition, to post test results on them.
CREATE TABLE patchwork_revisions (
  instance TEXT NOT NULL,        -- the address of its front page
  series @INT@ NOT NULL,         -- its number there
  version @INT@ NOT NULL,
  patch @INT@ NOT NULL,          -- there, the first one that came with it
  PRIMARY KEY (instance, series, version)
) @STRICT@;
CREATE INDEX patchwork_revisions_patch ON patchwork_revisions (instance, patch);

-- Checks are on patches; where there are revisions, on these.
CREATE TABLE patchwork_checks_wide (
  instance TEXT NOT NULL,
  patch @INT@ NOT NULL,          -- the series there where there is a version
  version @INT@ NOT NULL,        -- 0: of a patch
  context TEXT NOT NULL,
  project TEXT NOT NULL,         -- as the configuration calls it
  series @INT@ NOT NULL,         -- tracker's
  attempt @INT@ NOT NULL,        -- of its nodes
  state TEXT NOT NULL,           -- Patchwork's word
  target_url TEXT NOT NULL,
  description TEXT NOT NULL,
  stamp @INT@ NOT NULL,          -- a newer one has a higher one
  PRIMARY KEY (instance, patch, version, context)
) @STRICT@;
INSERT INTO patchwork_checks_wide (instance, patch, version, context, project, series, attempt,
  state, target_url, description, stamp)
SELECT instance, patch, 0, context, project, series, attempt, state, target_url, description, stamp
FROM patchwork_checks;
DROP TABLE patchwork_checks;
ALTER TABLE patchwork_checks_wide RENAME TO patchwork_checks;
CREATE INDEX patchwork_checks_series ON patchwork_checks (series);
