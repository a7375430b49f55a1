-- What plates, lists and their verification need: the vehicle's track, devices' own numbers, deltas, schedules, verdicts.

ALTER TABLE rtcc.plate_reads ADD COLUMN IF NOT EXISTS `image_expires_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)) AFTER `image_ref`;
ALTER TABLE rtcc.plate_reads ADD COLUMN IF NOT EXISTS `track_id` Nullable(String) CODEC(ZSTD(1)) AFTER `native_id`;
ALTER TABLE rtcc.plate_reads ADD COLUMN IF NOT EXISTS `device_sequence` Nullable(Int64) CODEC(ZSTD(1)) AFTER `track_id`;
ALTER TABLE rtcc.sightings ADD COLUMN IF NOT EXISTS `attributes` Array(Tuple(list_id String, entry_id String, attribute LowCardinality(String), read LowCardinality(String), listed LowCardinality(String), agrees Bool)) CODEC(ZSTD(1)) AFTER `hits`;
ALTER TABLE rtcc.sightings ADD COLUMN IF NOT EXISTS `track_id` Nullable(String) CODEC(ZSTD(1)) AFTER `is_preview`;
ALTER TABLE rtcc.sightings ADD COLUMN IF NOT EXISTS `clock_skew_s` Nullable(Float64) CODEC(ZSTD(1)) AFTER `track_id`;
ALTER TABLE rtcc.hotlist_versions ADD COLUMN IF NOT EXISTS `base_version` String CODEC(ZSTD(1)) AFTER `checksum`;
ALTER TABLE rtcc.hotlist_versions ADD COLUMN IF NOT EXISTS `tolerance` LowCardinality(String) AFTER `base_version`;
ALTER TABLE rtcc.hotlist_versions ADD COLUMN IF NOT EXISTS `max_age_s` Nullable(Float64) CODEC(ZSTD(1)) AFTER `tolerance`;
ALTER TABLE rtcc.hotlist_versions ADD COLUMN IF NOT EXISTS `time_zone` String CODEC(ZSTD(1)) AFTER `max_age_s`;
ALTER TABLE rtcc.hotlist_entries ADD COLUMN IF NOT EXISTS `vehicle_body` LowCardinality(Nullable(String)) AFTER `expires_at`;
ALTER TABLE rtcc.hotlist_entries ADD COLUMN IF NOT EXISTS `schedule` String CODEC(ZSTD(1)) AFTER `vehicle_body`;
ALTER TABLE rtcc.hotlist_entries ADD COLUMN IF NOT EXISTS `audience` LowCardinality(String) AFTER `schedule`;
ALTER TABLE rtcc.hotlist_entries ADD COLUMN IF NOT EXISTS `is_removed` Bool AFTER `audience`;
ALTER TABLE rtcc.alert_states ADD COLUMN IF NOT EXISTS `checks` Array(String) CODEC(ZSTD(1)) AFTER `note`;
ALTER TABLE rtcc.alert_states ADD COLUMN IF NOT EXISTS `verdict` LowCardinality(String) AFTER `checks`;
ALTER TABLE rtcc.alert_states ADD COLUMN IF NOT EXISTS `verified_by` String CODEC(ZSTD(1)) AFTER `verdict`;
ALTER TABLE rtcc.actions ADD COLUMN IF NOT EXISTS `checks` Array(String) CODEC(ZSTD(1)) AFTER `note`;
ALTER TABLE rtcc.actions ADD COLUMN IF NOT EXISTS `verdict` LowCardinality(String) AFTER `checks`;

CREATE TABLE IF NOT EXISTS rtcc.hotlist_withdrawal_states (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `listing_id` String CODEC(ZSTD(1)),
  `list_id` String CODEC(ZSTD(1)),
  `entry_id` String CODEC(ZSTD(1)),
  `is_withdrawn` Bool,
  `changed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `changed_by` String CODEC(ZSTD(1)),
  `reason` String CODEC(ZSTD(1)),
  `stored_at` DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
  `_topic` LowCardinality(String),
  `_partition` Int32 CODEC(ZSTD(1)),
  `_offset` Int64 CODEC(Delta(8), ZSTD(1)),
  INDEX by_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX by_observed_at observed_at TYPE minmax GRANULARITY 4,
  PROJECTION stored_ids (SELECT `event_id`, `occurred_at` ORDER BY `occurred_at`)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`occurred_at`)
ORDER BY (`listing_id`, `changed_at`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE VIEW IF NOT EXISTS rtcc.hotlist_withdrawals AS
SELECT * FROM rtcc.hotlist_withdrawal_states
ORDER BY `listing_id`, `changed_at` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `listing_id`;

-- A view keeps the columns that were there when it was made.

CREATE OR REPLACE VIEW rtcc.alerts AS
SELECT * FROM rtcc.alert_states
ORDER BY `alert_id`, `rev` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `alert_id`;

CREATE OR REPLACE VIEW rtcc.hotlists AS
SELECT * FROM rtcc.hotlist_versions
ORDER BY `list_id`, `version` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `list_id`;
