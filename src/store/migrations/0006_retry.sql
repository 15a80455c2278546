-- Incomplete verdicts are our own trouble: when they are tried again (NULL: not by themselves), and
-- how often the same content has been tried.
ALTER TABLE series_verdicts ADD COLUMN attempts @INT@ NOT NULL DEFAULT 1;
ALTER TABLE series_verdicts ADD COLUMN retry_at @INT@;
