-- Commits of a tree that are known to build.
CREATE TABLE placement_good (
  tree TEXT NOT NULL,
  commit_id TEXT NOT NULL,
  recorded @INT@ NOT NULL,
  PRIMARY KEY (tree, commit_id)
) @STRICT@;

-- The blobs that posted series make, so that a series on top of another one is recognised without
-- being told. path_key: the first 63 bits of the SHA-1 of the path (paths are bytes, not text).
CREATE TABLE placement_post_images (
  series @INT@ NOT NULL,
  patch @INT@ NOT NULL,
  path_key @INT@ NOT NULL,
  blob TEXT NOT NULL,
  posted @INT@ NOT NULL,
  PRIMARY KEY (series, patch, path_key)
) @STRICT@;
CREATE INDEX placement_post_images_by_path ON placement_post_images (path_key, posted);
