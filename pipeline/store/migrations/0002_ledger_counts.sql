-- The ledger's counts, and an index by which what was observed long ago is passed over: the ledger asks every few
-- seconds for the newest minutes, and the tables are ordered by plate or call, not by time.

CREATE TABLE IF NOT EXISTS rtcc.ledger_counts (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `process` String CODEC(ZSTD(1)),
  `number` Int64 CODEC(ZSTD(1)),
  `hop` LowCardinality(String),
  `counted_type` LowCardinality(String),
  `counted_source` LowCardinality(String),
  `minute` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `count` Int64 CODEC(ZSTD(1)),
  `digest` String CODEC(ZSTD(1)),
  `device` Nullable(String) CODEC(ZSTD(1)),
  `first_sequence` Nullable(Int64) CODEC(ZSTD(1)),
  `last_sequence` Nullable(Int64) CODEC(ZSTD(1)),
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
ORDER BY (`minute`, `counted_type`, `counted_source`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

ALTER TABLE rtcc.plate_reads ADD INDEX IF NOT EXISTS by_observed_at observed_at TYPE minmax GRANULARITY 4;
ALTER TABLE rtcc.sightings ADD INDEX IF NOT EXISTS by_observed_at observed_at TYPE minmax GRANULARITY 4;
ALTER TABLE rtcc.camera_states ADD INDEX IF NOT EXISTS by_observed_at observed_at TYPE minmax GRANULARITY 4;
ALTER TABLE rtcc.camera_observations ADD INDEX IF NOT EXISTS by_observed_at observed_at TYPE minmax GRANULARITY 4;
ALTER TABLE rtcc.camera_health ADD INDEX IF NOT EXISTS by_observed_at observed_at TYPE minmax GRANULARITY 4;
ALTER TABLE rtcc.call_states ADD INDEX IF NOT EXISTS by_observed_at observed_at TYPE minmax GRANULARITY 4;
ALTER TABLE rtcc.incident_states ADD INDEX IF NOT EXISTS by_observed_at observed_at TYPE minmax GRANULARITY 4;
ALTER TABLE rtcc.hotlist_versions ADD INDEX IF NOT EXISTS by_observed_at observed_at TYPE minmax GRANULARITY 4;
ALTER TABLE rtcc.hotlist_entries ADD INDEX IF NOT EXISTS by_observed_at observed_at TYPE minmax GRANULARITY 4;
ALTER TABLE rtcc.zone_states ADD INDEX IF NOT EXISTS by_observed_at observed_at TYPE minmax GRANULARITY 4;
ALTER TABLE rtcc.alert_states ADD INDEX IF NOT EXISTS by_observed_at observed_at TYPE minmax GRANULARITY 4;
ALTER TABLE rtcc.actions ADD INDEX IF NOT EXISTS by_observed_at observed_at TYPE minmax GRANULARITY 4;
ALTER TABLE rtcc.dead_letters ADD INDEX IF NOT EXISTS by_observed_at observed_at TYPE minmax GRANULARITY 4;
