-- Who has an alert in hand, who wants a supervisor for it, what was done to it, and how it stood before the last act.

ALTER TABLE rtcc.alert_states ADD COLUMN IF NOT EXISTS `owner` String CODEC(ZSTD(1)) AFTER `outcome`;
ALTER TABLE rtcc.alert_states ADD COLUMN IF NOT EXISTS `escalated_by` String CODEC(ZSTD(1)) AFTER `owner`;
ALTER TABLE rtcc.alert_states ADD COLUMN IF NOT EXISTS `history` Array(Tuple(action_id UUID, name LowCardinality(String), actor String, at DateTime64(3, 'UTC'), note String, about String)) CODEC(ZSTD(1)) AFTER `escalated_by`;
ALTER TABLE rtcc.alert_states ADD COLUMN IF NOT EXISTS `standing_before` Array(Tuple(status LowCardinality(String), owner String, shelved_until Nullable(DateTime64(3, 'UTC')), shelved_by String, shelved_reason String, escalated_at Nullable(DateTime64(3, 'UTC')), escalated_by String)) CODEC(ZSTD(1)) AFTER `history`;

-- A view keeps the columns that were there when it was made.

CREATE OR REPLACE VIEW rtcc.alerts AS
SELECT * FROM rtcc.alert_states
ORDER BY `alert_id`, `rev` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `alert_id`;
