-- What rules on a plate's path need: which rules a zone asks for.

ALTER TABLE rtcc.zone_states ADD COLUMN IF NOT EXISTS `rules` Array(String) CODEC(ZSTD(1)) AFTER `watched`;

-- A view keeps the columns that were there when it was made.

CREATE OR REPLACE VIEW rtcc.zones AS
SELECT * FROM (
SELECT * FROM rtcc.zone_states
ORDER BY `zone_id`, `observed_at` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `zone_id`
) WHERE NOT `removed`;
