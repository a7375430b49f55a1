-- A read takes along what its camera read of the same vehicle before. A list says who may know of it.

ALTER TABLE rtcc.plate_reads ADD COLUMN IF NOT EXISTS `earlier` Array(Tuple(event_id UUID, plate String, confidence Float64)) CODEC(ZSTD(1)) AFTER `device_sequence`;
ALTER TABLE rtcc.hotlist_versions ADD COLUMN IF NOT EXISTS `audience` LowCardinality(String) AFTER `time_zone`;

-- A view keeps the columns that were there when it was made.

CREATE OR REPLACE VIEW rtcc.hotlists AS
SELECT * FROM rtcc.hotlist_versions
ORDER BY `list_id`, `version` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `list_id`;
