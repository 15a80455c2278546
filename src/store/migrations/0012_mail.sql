-- Verdicts whose mail is still to be decided: written down with the verdict, decided right after.
CREATE TABLE report_undecided (
  series @INT@ PRIMARY KEY,
  stamp @INT@ NOT NULL,          -- a newer verdict has a higher one
  context TEXT NOT NULL,         -- JSON of reports::VerdictContext
  attempts @INT@ NOT NULL,
  due @INT@ NOT NULL,
  reason TEXT NOT NULL,          -- why it could not be decided so far; empty: nobody tried yet
  created @INT@ NOT NULL
) @STRICT@;
CREATE INDEX report_undecided_due ON report_undecided (due);
