-- What the pages look up: series by verdict, by when they were judged, by their tree and author.
CREATE INDEX series_verdicts_verdict ON series_verdicts (verdict, series);
CREATE INDEX series_verdicts_time ON series_verdicts (time, series);
CREATE INDEX nodes_checkout_tree ON nodes (tree, series) WHERE kind = 'checkout';
-- Addresses are as long as a sender likes, entries of an index are not.
CREATE INDEX series_submitter ON series (substr(submitter_email, 1, 200), number);
CREATE INDEX series_runs_finished ON series_runs (finished) WHERE finished IS NOT NULL;
