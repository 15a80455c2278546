-- Patchwork hashes a diff without the white space around it. The hashes of the patches that are here
-- were made with it: they are made again from the mails, up to this one, by looking at every mail
-- again.
INSERT INTO registry_counters (name, value)
  SELECT 'hash read anew up to mail', (SELECT MAX(id) FROM series_mails)
  WHERE EXISTS (SELECT 1 FROM series_mails);
INSERT INTO cursors (source, value)
  SELECT 'patchwork-mails', '0'
  WHERE EXISTS (SELECT 1 FROM registry_patches WHERE hash IS NOT NULL)
  ON CONFLICT (source) DO UPDATE SET value = '0';
