-- Mails about series, from the decision to the last recipient's server.
-- state: see reports::MailState. Raw bytes are as they are sent, with \n line ends.
CREATE TABLE report_mails (
  id @ID@,
  key TEXT NOT NULL UNIQUE,      -- one mail a revision; of digests: person and moment
  series @INT@,                  -- null: a digest
  thread TEXT NOT NULL,          -- Message-ID of the first mail of the thread; of digests empty
  msgid TEXT NOT NULL,           -- ours
  verdict TEXT NOT NULL,
  template TEXT NOT NULL,
  subject TEXT NOT NULL,
  sender TEXT NOT NULL,          -- of the envelope
  content @BLOB@ NOT NULL,
  state @INT@ NOT NULL,
  reason TEXT NOT NULL,          -- of the state, for people
  attempt @INT@ NOT NULL,        -- fences off a sender whose lease has ended
  outbox_runs @INT@ NOT NULL,    -- how often it was put into the outbox
  not_before @INT@ NOT NULL,
  created @INT@ NOT NULL,
  finished @INT@
) @STRICT@;
CREATE INDEX report_mails_series ON report_mails (series) WHERE series IS NOT NULL;
CREATE INDEX report_mails_thread ON report_mails (thread);
CREATE INDEX report_mails_state ON report_mails (state, id);

CREATE TABLE report_recipients (
  mail @INT@ NOT NULL,
  position @INT@ NOT NULL,
  address TEXT NOT NULL,         -- as written
  person TEXT NOT NULL,          -- in lower case
  state @INT@ NOT NULL,          -- reports::RecipientState
  reply TEXT NOT NULL,           -- the server's last words
  created @INT@ NOT NULL,
  changed @INT@ NOT NULL,
  PRIMARY KEY (mail, position)
) @STRICT@;
CREATE INDEX report_recipients_person ON report_recipients (person, created);

-- What was decided about the newest verdict of a series, also when nothing is mailed.
CREATE TABLE report_decisions (
  series @INT@ PRIMARY KEY,
  time @INT@ NOT NULL,
  decision TEXT NOT NULL         -- JSON
) @STRICT@;

CREATE TABLE report_digests (
  id @ID@,
  person TEXT NOT NULL,          -- in lower case
  address TEXT NOT NULL,
  name TEXT NOT NULL,
  series @INT@ NOT NULL,
  entry TEXT NOT NULL,           -- JSON
  due @INT@ NOT NULL,            -- of the digest it goes into
  mail @INT@,                    -- the digest it went into
  created @INT@ NOT NULL,
  UNIQUE (person, series)
) @STRICT@;
CREATE INDEX report_digests_open ON report_digests (due) WHERE mail IS NULL;

-- People who want no mail: everywhere (list is empty) or about one list.
CREATE TABLE report_optouts (
  person TEXT NOT NULL,
  list TEXT NOT NULL,
  reason TEXT NOT NULL,
  time @INT@ NOT NULL,
  PRIMARY KEY (person, list)
) @STRICT@;
