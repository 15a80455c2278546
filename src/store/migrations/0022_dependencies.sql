-- Dependencies on the address of a series that nobody has resolved yet.
CREATE INDEX series_dependencies_address ON series_dependencies (series, position)
  WHERE resolved IS NULL AND substr(lookup, 1, 2) = 'u:';

-- The newest of those that build on a series, without reading all.
DROP INDEX series_dependencies_resolved;
CREATE INDEX series_dependencies_resolved ON series_dependencies (resolved, series)
  WHERE resolved IS NOT NULL;
