-- Alerts that were put aside for a time, and alerts that nobody took in time.

ALTER TABLE rtcc.alert_states ADD COLUMN IF NOT EXISTS `shelved_until` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)) AFTER `audience`;
ALTER TABLE rtcc.alert_states ADD COLUMN IF NOT EXISTS `shelved_by` String CODEC(ZSTD(1)) AFTER `shelved_until`;
ALTER TABLE rtcc.alert_states ADD COLUMN IF NOT EXISTS `shelved_reason` String CODEC(ZSTD(1)) AFTER `shelved_by`;
ALTER TABLE rtcc.alert_states ADD COLUMN IF NOT EXISTS `open_since` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)) AFTER `shelved_reason`;
ALTER TABLE rtcc.alert_states ADD COLUMN IF NOT EXISTS `escalated_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)) AFTER `open_since`;

-- A view keeps the columns that were there when it was made.

CREATE OR REPLACE VIEW rtcc.alerts AS
SELECT * FROM rtcc.alert_states
ORDER BY `alert_id`, `rev` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `alert_id`;
