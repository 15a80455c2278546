-- The next free numbers. Whoever writes messages or series updates a row here first and so waits
-- for other writers: order and concurrency cannot damage series.
CREATE TABLE tracker_counters (
  name TEXT PRIMARY KEY,
  value @INT@ NOT NULL
) @STRICT@;
INSERT INTO tracker_counters (name, value) VALUES ('message', 1), ('series', 1);

-- Every Message-ID ever seen: of mails that arrived and of mails that were only referred to.
-- thread is equal for ids that are connected by references (the id of one of them).
CREATE TABLE message_ids (
  id @INT@ PRIMARY KEY,
  msgid TEXT NOT NULL UNIQUE,
  thread @INT@ NOT NULL,
  arrived @INT@ NOT NULL
) @STRICT@;
CREATE INDEX message_ids_thread ON message_ids (thread);

-- Mails that arrived; id is that of message_ids.
CREATE TABLE messages (
  id @INT@ PRIMARY KEY,
  kind @INT@ NOT NULL,           -- tracker::MessageKind
  reason TEXT NOT NULL,          -- why it is unusable, or what was mended
  subject TEXT NOT NULL,
  from_name TEXT NOT NULL,
  from_email TEXT NOT NULL,
  date @INT@ NOT NULL,           -- as the mail says, else when it was received
  received @INT@ NOT NULL,
  parent @INT@,                  -- the message_ids row it answers
  list_ids TEXT NOT NULL,        -- separated by newlines
  source TEXT NOT NULL,
  content_hash @INT@ NOT NULL,   -- of what a person sees, to tell apart mails with one id
  raw_size @INT@ NOT NULL,
  raw_sha256 TEXT                -- name of the blob; null: the content is in message_raw
) @STRICT@;
CREATE INDEX messages_unusable ON messages (id) WHERE kind = 4;

CREATE TABLE message_raw (
  id @INT@ PRIMARY KEY,
  compressed @INT@ NOT NULL,     -- 1: one zstd frame
  content @BLOB@ NOT NULL
) @STRICT@;

-- What assembly needs of patches, covers and pull requests beyond their row in messages.
CREATE TABLE series_mails (
  id @INT@ PRIMARY KEY,
  thread @INT@ NOT NULL,         -- that of message_ids
  series @INT@ NOT NULL,         -- the series it was posted in; 0 while its batch is read
  posting_key @INT@,             -- equal for mails that may be one posting without references
  date @INT@,                    -- as the mail says; null when it says nothing
  parents TEXT NOT NULL,         -- ids it answers, nearest first, separated by newlines
  author_name TEXT NOT NULL,     -- who wrote the patch: "From:" in the body, else the sender
  author_email TEXT NOT NULL,
  patch_hash TEXT,               -- Patchwork's hash of the diff
  patch_id TEXT,                 -- git patch-id --stable, once known
  base_commit TEXT NOT NULL,
  base_branch TEXT NOT NULL,
  change_id TEXT NOT NULL,
  supersedes TEXT NOT NULL,
  skip_requested @INT@ NOT NULL
) @STRICT@;
CREATE INDEX series_mails_thread ON series_mails (thread);
CREATE INDEX series_mails_posting ON series_mails (posting_key, date) WHERE posting_key IS NOT NULL;
CREATE INDEX series_mails_patch_id ON series_mails (patch_id) WHERE patch_id IS NOT NULL;

-- What a mail says it builds on, in order.
CREATE TABLE mail_dependencies (
  mail @INT@ NOT NULL,
  position @INT@ NOT NULL,
  kind @INT@ NOT NULL,           -- mail::DependencyKind
  target TEXT NOT NULL,
  PRIMARY KEY (mail, position)
) @STRICT@;

CREATE TABLE series (
  number @INT@ PRIMARY KEY,
  name TEXT NOT NULL,            -- Patchwork's; empty while it has none
  title TEXT NOT NULL,
  version @INT@ NOT NULL,
  minor @INT@ NOT NULL,          -- 1 for "v2.1"
  total @INT@ NOT NULL,
  submitter_name TEXT NOT NULL,
  submitter_email TEXT NOT NULL,
  author TEXT NOT NULL,          -- equal for postings of one person
  date @INT@ NOT NULL,
  head @INT@ NOT NULL,           -- the mail that stands for it: cover or first patch
  cover @INT@,
  cover_name TEXT NOT NULL,
  answers @INT@,                 -- the mail of the same author it was posted in answer to
  rerolls @INT@,                 -- the series whose patches it carries over
  previous @INT@,                -- the series it was found to continue
  work @INT@ NOT NULL,           -- equal for all revisions of the same work
  revision_of @INT@,             -- the revision before it within the work
  superseded @INT@ NOT NULL,
  base_commit TEXT NOT NULL,
  base_branch TEXT NOT NULL,
  change_id TEXT NOT NULL,
  supersedes TEXT NOT NULL,      -- a Message-ID
  list_ids TEXT NOT NULL,        -- separated by newlines
  prefixes TEXT NOT NULL,        -- separated by newlines
  is_rfc @INT@ NOT NULL,
  is_resend @INT@ NOT NULL,
  skip_requested @INT@ NOT NULL,
  note TEXT NOT NULL,            -- what assembly found odd
  revision_note TEXT NOT NULL,   -- what is odd about its place among the revisions
  digest @INT@ NOT NULL          -- of everything assembly decides, to see changes
) @STRICT@;
CREATE INDEX series_work ON series (work);
CREATE INDEX series_change_id ON series (change_id) WHERE change_id <> '';
CREATE INDEX series_cover ON series (cover) WHERE cover IS NOT NULL;
CREATE INDEX series_answers ON series (answers) WHERE answers IS NOT NULL;
CREATE INDEX series_previous ON series (previous) WHERE previous IS NOT NULL;
CREATE INDEX series_supersedes ON series (supersedes) WHERE supersedes <> '';

CREATE TABLE series_patches (
  series @INT@ NOT NULL,
  number @INT@ NOT NULL,
  mail @INT@ NOT NULL,
  name TEXT NOT NULL,            -- Patchwork's
  title TEXT NOT NULL,
  carried_over @INT@ NOT NULL,
  PRIMARY KEY (series, number)
) @STRICT@;
CREATE INDEX series_patches_mail ON series_patches (mail);

-- By what revisions find each other: hashes of change-id, title and patch titles.
CREATE TABLE series_keys (
  series @INT@ NOT NULL,
  kind @INT@ NOT NULL,           -- tracker::KeyKind
  key @INT@ NOT NULL,
  rank @INT@ NOT NULL,           -- of the series' version
  date @INT@ NOT NULL,           -- of the series
  PRIMARY KEY (series, kind, key)
) @STRICT@;
CREATE INDEX series_keys_key ON series_keys (key, rank, date, series);

CREATE TABLE series_dependencies (
  series @INT@ NOT NULL,
  position @INT@ NOT NULL,
  kind @INT@ NOT NULL,
  target TEXT NOT NULL,
  lookup TEXT NOT NULL,          -- what the target is looked up by; empty: it cannot be
  resolved @INT@,                -- the series that provides it
  reason TEXT NOT NULL,          -- why it is not resolved
  PRIMARY KEY (series, position)
) @STRICT@;
CREATE INDEX series_dependencies_lookup ON series_dependencies (lookup);
CREATE INDEX series_dependencies_resolved ON series_dependencies (resolved) WHERE resolved IS NOT NULL;
