-- Work under way: which try of a series is running, and which nodes wait for a worker.

-- One try to judge a series, from placing it to its verdict.
CREATE TABLE series_runs (
  series @INT@ NOT NULL,
  attempt @INT@ NOT NULL,        -- that of its nodes
  checkout @INT@ NOT NULL,       -- the node
  project TEXT NOT NULL,
  content_key TEXT NOT NULL,     -- see series_verdicts
  base_commit TEXT NOT NULL,     -- empty: not applied
  base_described TEXT NOT NULL,
  started @INT@ NOT NULL,
  finished @INT@,                -- NULL: nodes of it are still to run
  PRIMARY KEY (series, attempt)
) @STRICT@;
CREATE INDEX series_runs_open ON series_runs (series) WHERE finished IS NULL;

-- Nodes planned and not done yet. A row leaves in the transaction that ends its node.
CREATE TABLE queue (
  node @INT@ PRIMARY KEY,
  lane @INT@ NOT NULL,           -- nodes of one lane run one after the other, by one worker
  position @INT@ NOT NULL,       -- within the lane
  series @INT@ NOT NULL,
  attempt @INT@ NOT NULL,        -- of series_runs
  project TEXT NOT NULL,
  author TEXT NOT NULL,          -- tracker's author_key()
  priority @INT@ NOT NULL,       -- higher first
  queued @INT@ NOT NULL,
  ready_at @INT@ NOT NULL,       -- not before
  estimate @INT@ NOT NULL,       -- seconds it will take, from earlier runs
  worker TEXT NOT NULL,          -- who has the lane; empty: nobody
  lease_until @INT@,             -- the worker is taken for dead after this
  note TEXT NOT NULL             -- why it waits, for people
) @STRICT@;
CREATE INDEX queue_lane ON queue (lane);
CREATE INDEX queue_series ON queue (series);

-- Series that are to be judged although no event says so: asked for, or begun and broken off. A row
-- leaves in the transaction that begins the try.
CREATE TABLE series_pending (
  series @INT@ PRIMARY KEY
) @STRICT@;

-- What people asked for; taken by the service.
CREATE TABLE requests (
  id @ID@,
  kind TEXT NOT NULL,            -- retry-series, retry-node, cancel-series, cancel-node
  target @INT@ NOT NULL,         -- series or node
  who TEXT NOT NULL,
  reason TEXT NOT NULL,
  time @INT@ NOT NULL
) @STRICT@;

-- What does not start until somebody says so. scope: 'all', 'project NAME', 'tree NAME'.
CREATE TABLE pauses (
  scope TEXT PRIMARY KEY,
  who TEXT NOT NULL,
  reason TEXT NOT NULL,
  time @INT@ NOT NULL
) @STRICT@;

-- Why a node is incomplete (pipeline::IncompleteCause), where it is.
ALTER TABLE nodes ADD COLUMN cause @INT@;

-- What is to be tried again.
CREATE INDEX series_verdicts_retry ON series_verdicts (retry_at) WHERE retry_at IS NOT NULL;
-- How long a job took the last times.
CREATE INDEX nodes_name ON nodes (name, id);
