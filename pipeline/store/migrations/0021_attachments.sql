-- Files of incidents: what each is, and what became of it. Their bytes are in a folder.

CREATE TABLE IF NOT EXISTS rtcc.attachment_states (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `attachment_id` UUID,
  `rev` Int64 CODEC(ZSTD(1)),
  `incident_id` UUID,
  `name` String CODEC(ZSTD(1)),
  `media_type` LowCardinality(String),
  `byte_count` Int64 CODEC(ZSTD(1)),
  `sha256` String CODEC(ZSTD(1)),
  `scan` LowCardinality(String),
  `scanned_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `finding` String CODEC(ZSTD(1)),
  `lat` Nullable(Float64) CODEC(ZSTD(1)),
  `lon` Nullable(Float64) CODEC(ZSTD(1)),
  `added_by` String CODEC(ZSTD(1)),
  `added_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `withdrawn_by` String CODEC(ZSTD(1)),
  `withdrawn_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `reason` String CODEC(ZSTD(1)),
  `stored_at` DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
  `_topic` LowCardinality(String),
  `_partition` Int32 CODEC(ZSTD(1)),
  `_offset` Int64 CODEC(Delta(8), ZSTD(1)),
  INDEX by_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX by_observed_at observed_at TYPE minmax GRANULARITY 4,
  PROJECTION stored_ids (SELECT `event_id`, `added_at` ORDER BY `added_at`)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`added_at`)
ORDER BY (`incident_id`, `attachment_id`, `rev`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE VIEW IF NOT EXISTS rtcc.attachments AS
SELECT * FROM rtcc.attachment_states
ORDER BY `attachment_id`, `rev` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `attachment_id`;
