-- Patches whose patch-id is not known yet are looked for at every placement that depends on one.
CREATE INDEX series_mails_without_id ON series_mails (id)
  WHERE patch_id IS NULL AND patch_hash IS NOT NULL;
