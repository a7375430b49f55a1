-- A search reads hundreds of small granules of keys: in blocks of their size, not of 64 KiB of which nearly all is
-- unpacked for nothing. What is stored already is written again in the background.

ALTER TABLE rtcc.call_keys MODIFY SETTING min_compress_block_size = 4096;

ALTER TABLE rtcc.person_keys MODIFY SETTING min_compress_block_size = 4096;

ALTER TABLE rtcc.call_keys REWRITE PARTS SETTINGS mutations_sync = 0;

ALTER TABLE rtcc.person_keys REWRITE PARTS SETTINGS mutations_sync = 0;
