-- Everything that ran or was to run for a series. patch: 1-based, 0 where it is about the series.
CREATE TABLE nodes (
  id @ID@,
  parent @INT@,
  series @INT@ NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  patch @INT@ NOT NULL DEFAULT 0,
  state TEXT NOT NULL,
  result TEXT,
  summary TEXT NOT NULL DEFAULT '',
  runtime TEXT NOT NULL DEFAULT '',
  attempt @INT@ NOT NULL DEFAULT 1,
  tree TEXT NOT NULL DEFAULT '',
  commit_id TEXT NOT NULL DEFAULT '',
  reproducer TEXT NOT NULL DEFAULT '',
  created @INT@ NOT NULL,
  started @INT@,
  finished @INT@,
  UNIQUE (series, name, patch, commit_id, attempt)
) @STRICT@;
CREATE INDEX nodes_parent ON nodes (parent) WHERE parent IS NOT NULL;
-- What a process that died left behind.
CREATE INDEX nodes_running ON nodes (id) WHERE state = 'running' OR state = 'closing';

CREATE TABLE node_artifacts (
  node @INT@ NOT NULL,
  position @INT@ NOT NULL,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size @INT@ NOT NULL,
  PRIMARY KEY (node, position)
) @STRICT@;

CREATE TABLE node_findings (
  node @INT@ NOT NULL,
  position @INT@ NOT NULL,
  fingerprint TEXT NOT NULL,
  severity TEXT NOT NULL,
  tool TEXT NOT NULL,
  rule TEXT NOT NULL,
  file TEXT NOT NULL,
  line @INT@ NOT NULL,
  function TEXT NOT NULL,
  message TEXT NOT NULL,
  patch_label TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (node, position)
) @STRICT@;
CREATE INDEX node_findings_fingerprint ON node_findings (fingerprint);

CREATE TABLE series_verdicts (
  series @INT@ PRIMARY KEY,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  time @INT@ NOT NULL,
  content_key TEXT NOT NULL
) @STRICT@;
