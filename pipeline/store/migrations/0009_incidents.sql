-- What an incident keeps of its calls, who decided its stage, what was refused, its assessment.

ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `calls` Array(Tuple(call_id String, incident_id UUID, state_id UUID, told_id UUID, digest String, source LowCardinality(String), received_at DateTime64(3, 'UTC'), updated_at DateTime64(3, 'UTC'), observed_at DateTime64(3, 'UTC'), status LowCardinality(String), kind String, category LowCardinality(String), priority Nullable(Int64), priorities Array(String), address String, lat Nullable(Float64), lon Nullable(Float64), uncertainty_m Nullable(Float64), incident_ref String, contact LowCardinality(String), owner String, handed_over_at Nullable(DateTime64(3, 'UTC')), disposition String, units Array(String), why String)) CODEC(ZSTD(1)) AFTER `note`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `stage_by` String CODEC(ZSTD(1)) AFTER `calls`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `stage_before` LowCardinality(String) AFTER `stage_by`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `person_rev` Int64 CODEC(ZSTD(1)) AFTER `stage_before`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `assigned_units` Array(String) CODEC(ZSTD(1)) AFTER `person_rev`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `is_apart` Bool AFTER `assigned_units`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `refused` Array(Tuple(action_id UUID, name LowCardinality(String), actor String, why LowCardinality(String), first_by String, at DateTime64(3, 'UTC'))) CODEC(ZSTD(1)) AFTER `is_apart`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `record_number` String CODEC(ZSTD(1)) AFTER `refused`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `assessment_version` Int64 CODEC(ZSTD(1)) AFTER `record_number`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `assessed` Array(UUID) CODEC(ZSTD(1)) AFTER `assessment_version`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `needs_assessment` Bool AFTER `assessed`;

-- A view keeps the columns that were there when it was made.

CREATE OR REPLACE VIEW rtcc.incidents AS
SELECT * FROM rtcc.incident_states
ORDER BY `incident_id`, `rev` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `incident_id`;
