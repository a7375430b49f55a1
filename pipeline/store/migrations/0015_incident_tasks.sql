-- What is to be done at an incident.

ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `tasks` Array(Tuple(task_id String, text String, source String, added_by String, added_at DateTime64(3, 'UTC'), assignee String, state LowCardinality(String), note String, changed_by String, changed_at DateTime64(3, 'UTC'), rev Int64)) CODEC(ZSTD(1)) AFTER `needs_assessment`;

-- A view keeps the columns that were there when it was made.

CREATE OR REPLACE VIEW rtcc.incidents AS
SELECT * FROM rtcc.incident_states
ORDER BY `incident_id`, `rev` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `incident_id`;
