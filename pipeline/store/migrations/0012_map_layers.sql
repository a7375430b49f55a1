-- Layers of the map that an agency adds. The tiles are files beside the server; this is what and how.

CREATE TABLE IF NOT EXISTS rtcc.map_layer_states (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `name` String CODEC(ZSTD(1)),
  `title` String CODEC(ZSTD(1)),
  `kind` LowCardinality(String),
  `archive` String CODEC(ZSTD(1)),
  `sha256` String CODEC(ZSTD(1)),
  `bytes` Int64 CODEC(ZSTD(1)),
  `tiles` LowCardinality(String),
  `tile_schema` LowCardinality(String),
  `source_layers` Array(String) CODEC(ZSTD(1)),
  `west` Float64 CODEC(ZSTD(1)),
  `south` Float64 CODEC(ZSTD(1)),
  `east` Float64 CODEC(ZSTD(1)),
  `north` Float64 CODEC(ZSTD(1)),
  `min_zoom` Int64 CODEC(ZSTD(1)),
  `max_zoom` Int64 CODEC(ZSTD(1)),
  `label` String CODEC(ZSTD(1)),
  `colour` String CODEC(ZSTD(1)),
  `attribution` String CODEC(ZSTD(1)),
  `changed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `changed_by` String CODEC(ZSTD(1)),
  `removed` Bool,
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
ORDER BY (`name`, `changed_at`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE VIEW IF NOT EXISTS rtcc.map_layers AS
SELECT * FROM (
SELECT * FROM rtcc.map_layer_states
ORDER BY `name`, `changed_at` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `name`
) WHERE NOT `removed`;
