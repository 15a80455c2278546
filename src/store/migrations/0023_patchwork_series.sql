-- Which patches a series of another Patchwork has.
CREATE INDEX patchwork_patches_series ON patchwork_patches (instance, series);
