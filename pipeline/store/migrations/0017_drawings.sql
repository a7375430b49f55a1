-- What people drew on the map for an incident.

CREATE TABLE IF NOT EXISTS rtcc.drawing_states (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `drawing_id` UUID,
  `incident_id` UUID,
  `rev` Int64 CODEC(ZSTD(1)),
  `kind` LowCardinality(String),
  `shape` LowCardinality(String),
  `corners` Array(Tuple(Float64, Float64)) CODEC(ZSTD(1)),
  `label` String CODEC(ZSTD(1)),
  `lat` Nullable(Float64) CODEC(ZSTD(1)),
  `lon` Nullable(Float64) CODEC(ZSTD(1)),
  `drawn_by` String CODEC(ZSTD(1)),
  `drawn_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `changed_by` String CODEC(ZSTD(1)),
  `changed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `removed` Bool,
  `stored_at` DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
  `_topic` LowCardinality(String),
  `_partition` Int32 CODEC(ZSTD(1)),
  `_offset` Int64 CODEC(Delta(8), ZSTD(1)),
  INDEX by_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX by_observed_at observed_at TYPE minmax GRANULARITY 4,
  PROJECTION stored_ids (SELECT `event_id`, `drawn_at` ORDER BY `drawn_at`)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`drawn_at`)
ORDER BY (`incident_id`, `drawing_id`, `rev`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE VIEW IF NOT EXISTS rtcc.drawings AS
SELECT * FROM (
SELECT * FROM rtcc.drawing_states
ORDER BY `drawing_id`, `rev` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `drawing_id`
) WHERE NOT `removed`;
