-- Where a series that is to be judged again stood in the queue when its try was broken off. Empty and
-- 0: nowhere, it is new.
ALTER TABLE series_pending ADD COLUMN queued @INT@;
ALTER TABLE series_pending ADD COLUMN priority @INT@ NOT NULL DEFAULT 0;
