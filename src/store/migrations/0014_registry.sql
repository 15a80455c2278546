-- What Patchwork knows beyond mails and series. Ids are Patchwork's, kept when one is imported.

-- The number of the newest change; whoever writes here takes the next one, in a turn.
CREATE TABLE registry_counters (
  name TEXT PRIMARY KEY,
  value @INT@ NOT NULL
) @STRICT@;
INSERT INTO registry_counters (name, value) VALUES ('change', 0);

CREATE TABLE registry_users (
  id @ID@,
  username TEXT NOT NULL,
  username_key TEXT NOT NULL UNIQUE,  -- in lower case
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL,            -- in lower case
  send_email @INT@ NOT NULL,
  items_per_page @INT@ NOT NULL,
  show_ids @INT@ NOT NULL
) @STRICT@;
CREATE INDEX registry_users_email ON registry_users (email_key);

CREATE TABLE registry_people (
  id @ID@,
  name TEXT NOT NULL,
  email TEXT NOT NULL,                -- as first seen
  email_key TEXT NOT NULL UNIQUE,     -- in lower case
  user_id @INT@                       -- whose address it is
) @STRICT@;
CREATE INDEX registry_people_user ON registry_people (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE registry_projects (
  id @ID@,
  name TEXT NOT NULL,
  link_name TEXT NOT NULL,
  link_key TEXT NOT NULL UNIQUE,      -- in lower case
  list_id TEXT NOT NULL,
  list_email TEXT NOT NULL,
  subject_match TEXT NOT NULL,
  web_url TEXT NOT NULL,
  scm_url TEXT NOT NULL,
  webscm_url TEXT NOT NULL,
  list_archive_url TEXT NOT NULL,
  list_archive_url_format TEXT NOT NULL,
  commit_url_format TEXT NOT NULL,
  show_dependencies @INT@ NOT NULL
) @STRICT@;

CREATE TABLE registry_maintainers (
  project @INT@ NOT NULL,
  user_id @INT@ NOT NULL,
  PRIMARY KEY (project, user_id)
) @STRICT@;

-- Who gets a patch when all its files are of one of these; the first that fits counts.
CREATE TABLE registry_delegation (
  project @INT@ NOT NULL,
  position @INT@ NOT NULL,            -- by priority
  path TEXT NOT NULL,                 -- a shell pattern
  user_id @INT@ NOT NULL,
  PRIMARY KEY (project, position)
) @STRICT@;

-- Which trailers are counted, and as what.
CREATE TABLE registry_tags (
  trailer TEXT NOT NULL,              -- in lower case, without the colon
  tag @INT@ NOT NULL,                 -- registry::Tag
  PRIMARY KEY (trailer, tag)
) @STRICT@;
INSERT INTO registry_tags (trailer, tag) VALUES
  ('acked-by', 0), ('reviewed-by', 1), ('tested-by', 2);

CREATE TABLE registry_states (
  id @ID@,
  name TEXT NOT NULL,
  slug TEXT NOT NULL UNIQUE,
  ordering @INT@ NOT NULL,
  action_required @INT@ NOT NULL
) @STRICT@;
INSERT INTO registry_states (id, name, slug, ordering, action_required) VALUES
  (1, 'New', 'new', 0, 1),
  (2, 'Under Review', 'under-review', 1, 1),
  (3, 'Accepted', 'accepted', 2, 0),
  (4, 'Rejected', 'rejected', 3, 0),
  (5, 'RFC', 'rfc', 4, 0),
  (6, 'Not Applicable', 'not-applicable', 5, 0),
  (7, 'Changes Requested', 'changes-requested', 6, 0),
  (8, 'Awaiting Upstream', 'awaiting-upstream', 7, 0),
  (9, 'Superseded', 'superseded', 8, 0),
  (10, 'Deferred', 'deferred', 9, 0);

CREATE TABLE registry_series (
  id @ID@,
  project @INT@ NOT NULL,
  number @INT@ NOT NULL,              -- tracker's series
  name TEXT,                          -- NULL while there is none
  date @INT@ NOT NULL,
  submitter @INT@ NOT NULL,
  version @INT@ NOT NULL,
  total @INT@ NOT NULL,
  cover @INT@,
  completed @INT@ NOT NULL,           -- with how many patches it was last said to be complete
  gone @INT@ NOT NULL,                -- 1: assembly knows it no more
  changed @INT@ NOT NULL DEFAULT 0,   -- number of the change that wrote the row last
  UNIQUE (project, number)
) @STRICT@;
CREATE INDEX registry_series_changed ON registry_series (changed);
CREATE INDEX registry_series_number ON registry_series (number);
CREATE INDEX registry_series_date ON registry_series (project, date);
CREATE INDEX registry_series_submitter ON registry_series (submitter);

CREATE TABLE registry_covers (
  id @ID@,
  project @INT@ NOT NULL,
  message @INT@ NOT NULL,             -- tracker's row
  series @INT@,
  msgid TEXT NOT NULL,
  date @INT@ NOT NULL,
  name TEXT NOT NULL,
  submitter @INT@ NOT NULL,
  changed @INT@ NOT NULL DEFAULT 0,   -- number of the change that wrote the row last
  UNIQUE (project, message)
) @STRICT@;
CREATE INDEX registry_covers_changed ON registry_covers (changed);
CREATE INDEX registry_covers_message ON registry_covers (message);
CREATE INDEX registry_covers_msgid ON registry_covers (substr(msgid, 1, 200));
CREATE INDEX registry_covers_series ON registry_covers (series) WHERE series IS NOT NULL;
CREATE INDEX registry_covers_submitter ON registry_covers (submitter);

CREATE TABLE registry_patches (
  id @ID@,
  project @INT@ NOT NULL,
  message @INT@ NOT NULL,             -- tracker's row
  series @INT@,
  number @INT@,                       -- within the series
  msgid TEXT NOT NULL,
  date @INT@ NOT NULL,
  name TEXT NOT NULL,
  submitter @INT@ NOT NULL,
  hash TEXT,                          -- Patchwork's, of the diff
  pull_url TEXT,
  commit_ref TEXT,
  state @INT@ NOT NULL,
  archived @INT@ NOT NULL,
  delegate @INT@,
  relation @INT@,                     -- equal for patches that are related
  check_state @INT@ NOT NULL,         -- registry::CheckState of all its checks
  completed @INT@ NOT NULL,           -- 1: patch-completed was said
  acked @INT@ NOT NULL,               -- trailers of the patch and what answers it
  reviewed @INT@ NOT NULL,
  tested @INT@ NOT NULL,
  changed @INT@ NOT NULL DEFAULT 0,   -- number of the change that wrote the row last
  UNIQUE (project, message)
) @STRICT@;
CREATE INDEX registry_patches_changed ON registry_patches (changed);
CREATE INDEX registry_patches_message ON registry_patches (message);
CREATE INDEX registry_patches_series ON registry_patches (series, number) WHERE series IS NOT NULL;
CREATE INDEX registry_patches_msgid ON registry_patches (substr(msgid, 1, 200));
CREATE INDEX registry_patches_hash ON registry_patches (hash) WHERE hash IS NOT NULL;
CREATE INDEX registry_patches_submitter ON registry_patches (submitter);
CREATE INDEX registry_patches_state ON registry_patches (project, archived, state);
CREATE INDEX registry_patches_date ON registry_patches (date);
CREATE INDEX registry_patches_delegate ON registry_patches (delegate) WHERE delegate IS NOT NULL;
CREATE INDEX registry_patches_relation ON registry_patches (relation) WHERE relation IS NOT NULL;

CREATE TABLE registry_patch_comments (
  id @ID@,
  patch @INT@ NOT NULL,
  message @INT@ NOT NULL,             -- tracker's row
  msgid TEXT NOT NULL,
  date @INT@ NOT NULL,
  subject TEXT NOT NULL,
  submitter @INT@ NOT NULL,
  addressed @INT@,                    -- NULL: nobody asked for action
  UNIQUE (patch, message)
) @STRICT@;
CREATE INDEX registry_patch_comments_message ON registry_patch_comments (message);

CREATE TABLE registry_cover_comments (
  id @ID@,
  cover @INT@ NOT NULL,
  message @INT@ NOT NULL,
  msgid TEXT NOT NULL,
  date @INT@ NOT NULL,
  subject TEXT NOT NULL,
  submitter @INT@ NOT NULL,
  addressed @INT@,
  UNIQUE (cover, message)
) @STRICT@;
CREATE INDEX registry_cover_comments_message ON registry_cover_comments (message);

-- Replies to what is neither patch nor cover nor comment, or has not arrived.
CREATE TABLE registry_waiting (
  message @INT@ PRIMARY KEY,          -- tracker's row
  parent @INT@ NOT NULL               -- the mail it waits for
) @STRICT@;
CREATE INDEX registry_waiting_parent ON registry_waiting (parent);

CREATE TABLE registry_checks (
  id @ID@,
  patch @INT@ NOT NULL,
  user_id @INT@ NOT NULL,
  date @INT@ NOT NULL,
  state @INT@ NOT NULL,               -- registry::CheckState
  target_url TEXT,
  context TEXT NOT NULL,
  description TEXT
) @STRICT@;
CREATE INDEX registry_checks_patch ON registry_checks (patch, user_id, context, id);

CREATE TABLE registry_bundles (
  id @ID@,
  project @INT@ NOT NULL,
  owner @INT@ NOT NULL,
  name TEXT NOT NULL,
  is_public @INT@ NOT NULL,
  UNIQUE (owner, name)
) @STRICT@;
CREATE TABLE registry_bundle_patches (
  bundle @INT@ NOT NULL,
  position @INT@ NOT NULL,
  patch @INT@ NOT NULL,
  PRIMARY KEY (bundle, position)
) @STRICT@;
CREATE INDEX registry_bundle_patches_patch ON registry_bundle_patches (patch);

CREATE TABLE registry_events (
  id @ID@,
  category @INT@ NOT NULL,            -- registry::Category
  project @INT@ NOT NULL,
  date @INT@ NOT NULL,
  actor @INT@,
  patch @INT@,
  cover @INT@,
  series @INT@,
  check_id @INT@,
  comment @INT@,
  previous @INT@,                     -- state or delegate
  current @INT@
) @STRICT@;
CREATE INDEX registry_events_project ON registry_events (project, date);
CREATE INDEX registry_events_category ON registry_events (category, date);
CREATE INDEX registry_events_date ON registry_events (date);
CREATE INDEX registry_events_patch ON registry_events (patch) WHERE patch IS NOT NULL;
CREATE INDEX registry_events_series ON registry_events (series) WHERE series IS NOT NULL;
CREATE INDEX registry_events_cover ON registry_events (cover) WHERE cover IS NOT NULL;
CREATE INDEX registry_events_actor ON registry_events (actor) WHERE actor IS NOT NULL;
