-- What another Patchwork says of the patches that came from it; empty: not told yet, and nobody.
ALTER TABLE patchwork_patches ADD COLUMN state TEXT NOT NULL DEFAULT '';
ALTER TABLE patchwork_patches ADD COLUMN delegate TEXT NOT NULL DEFAULT '';
