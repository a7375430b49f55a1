-- What came of an alert, as whoever closed it said.

ALTER TABLE rtcc.alert_states ADD COLUMN IF NOT EXISTS `outcome` LowCardinality(String) AFTER `escalated_at`;

-- A view keeps the columns that were there when it was made.

CREATE OR REPLACE VIEW rtcc.alerts AS
SELECT * FROM rtcc.alert_states
ORDER BY `alert_id`, `rev` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `alert_id`;
