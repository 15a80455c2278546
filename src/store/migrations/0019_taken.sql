-- Patches that were found in a tree.
CREATE TABLE taken_patches (
  mail @INT@ PRIMARY KEY,        -- row of messages
  tree TEXT NOT NULL,
  commit_id TEXT NOT NULL
) @STRICT@;
CREATE INDEX series_date ON series (date);
