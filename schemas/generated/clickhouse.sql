-- Generated from schemas/ by `python -m schemas.generate`. Do not edit. Numbered migrations reach this.

CREATE DATABASE IF NOT EXISTS rtcc ENGINE = Atomic;

CREATE TABLE IF NOT EXISTS rtcc.plate_reads (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `camera_id` String CODEC(ZSTD(1)),
  `plate` String CODEC(ZSTD(1)),
  `plate_raw` String CODEC(ZSTD(1)),
  `confidence` Float64 CODEC(ZSTD(1)),
  `plate_region` LowCardinality(Nullable(String)),
  `region_confidence` Nullable(Float64) CODEC(ZSTD(1)),
  `candidates` Array(Tuple(plate String, confidence Float64)) CODEC(ZSTD(1)),
  `lat` Nullable(Float64) CODEC(ZSTD(1)),
  `lon` Nullable(Float64) CODEC(ZSTD(1)),
  `heading_deg` Nullable(Float64) CODEC(ZSTD(1)),
  `speed_kmh` Nullable(Float64) CODEC(ZSTD(1)),
  `vehicle_make` LowCardinality(Nullable(String)),
  `vehicle_model` LowCardinality(Nullable(String)),
  `vehicle_colour` LowCardinality(Nullable(String)),
  `vehicle_body` LowCardinality(Nullable(String)),
  `is_preview` Bool,
  `is_parked` Bool,
  `image_ref` Nullable(String) CODEC(ZSTD(1)),
  `image_expires_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `native_id` Nullable(String) CODEC(ZSTD(1)),
  `track_id` Nullable(String) CODEC(ZSTD(1)),
  `device_sequence` Nullable(Int64) CODEC(ZSTD(1)),
  `stored_at` DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
  `_topic` LowCardinality(String),
  `_partition` Int32 CODEC(ZSTD(1)),
  `_offset` Int64 CODEC(Delta(8), ZSTD(1)),
  INDEX by_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX by_observed_at observed_at TYPE minmax GRANULARITY 4,
  PROJECTION stored_ids (SELECT `event_id`, `occurred_at` ORDER BY `occurred_at`),
  PROJECTION by_camera_id INDEX (`camera_id`, `occurred_at`) TYPE basic
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`occurred_at`)
ORDER BY (`plate`, `occurred_at`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE TABLE IF NOT EXISTS rtcc.sightings (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `camera_id` String CODEC(ZSTD(1)),
  `plate` String CODEC(ZSTD(1)),
  `plate_region` LowCardinality(Nullable(String)),
  `confidence` Float64 CODEC(ZSTD(1)),
  `lat` Nullable(Float64) CODEC(ZSTD(1)),
  `lon` Nullable(Float64) CODEC(ZSTD(1)),
  `heading_deg` Nullable(Float64) CODEC(ZSTD(1)),
  `zones` Array(String) CODEC(ZSTD(1)),
  `hits` Array(Tuple(list_id String, entry_id String, listed_plate String, match LowCardinality(String), matched_plate String, candidate_rank Int64, substitutions Array(Tuple(position Int64, read String, listed String, cost Float64)), region_relation LowCardinality(String), attributes LowCardinality(String), kind LowCardinality(String), reason String, severity LowCardinality(String), list_as_of Nullable(DateTime64(3, 'UTC')))) CODEC(ZSTD(1)),
  `attributes` Array(Tuple(list_id String, entry_id String, attribute LowCardinality(String), read LowCardinality(String), listed LowCardinality(String), agrees Bool)) CODEC(ZSTD(1)),
  `incidents` Array(Tuple(incident_id UUID, kind String, priority Nullable(Int64), distance_m Float64, age_s Float64)) CODEC(ZSTD(1)),
  `is_preview` Bool,
  `track_id` Nullable(String) CODEC(ZSTD(1)),
  `clock_skew_s` Nullable(Float64) CODEC(ZSTD(1)),
  `stored_at` DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
  `_topic` LowCardinality(String),
  `_partition` Int32 CODEC(ZSTD(1)),
  `_offset` Int64 CODEC(Delta(8), ZSTD(1)),
  INDEX by_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX by_observed_at observed_at TYPE minmax GRANULARITY 4,
  PROJECTION stored_ids (SELECT `event_id`, `occurred_at` ORDER BY `occurred_at`),
  PROJECTION by_camera_id INDEX (`camera_id`, `occurred_at`) TYPE basic
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`occurred_at`)
ORDER BY (`plate`, `occurred_at`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE TABLE IF NOT EXISTS rtcc.camera_states (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `camera_id` String CODEC(ZSTD(1)),
  `name` String CODEC(ZSTD(1)),
  `lat` Float64 CODEC(ZSTD(1)),
  `lon` Float64 CODEC(ZSTD(1)),
  `kind` LowCardinality(String),
  `heading_deg` Nullable(Float64) CODEC(ZSTD(1)),
  `owner` LowCardinality(String),
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
ORDER BY (`camera_id`, `occurred_at`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE VIEW IF NOT EXISTS rtcc.cameras AS
SELECT * FROM (
SELECT * FROM rtcc.camera_states
ORDER BY `camera_id`, `observed_at` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `camera_id`
) WHERE NOT `removed`;

CREATE TABLE IF NOT EXISTS rtcc.camera_observations (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `camera_id` String CODEC(ZSTD(1)),
  `kind` LowCardinality(String),
  `active` Bool,
  `label` LowCardinality(String),
  `confidence` Nullable(Float64) CODEC(ZSTD(1)),
  `share` Nullable(Float64) CODEC(ZSTD(1)),
  `lat` Nullable(Float64) CODEC(ZSTD(1)),
  `lon` Nullable(Float64) CODEC(ZSTD(1)),
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
ORDER BY (`camera_id`, `occurred_at`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE TABLE IF NOT EXISTS rtcc.camera_health (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `camera_id` String CODEC(ZSTD(1)),
  `status` LowCardinality(String),
  `since` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `fps` Nullable(Float64) CODEC(ZSTD(1)),
  `detail` String CODEC(ZSTD(1)),
  `next_report_s` Nullable(Float64) CODEC(ZSTD(1)),
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
ORDER BY (`camera_id`, `occurred_at`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE TABLE IF NOT EXISTS rtcc.call_states (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `call_id` String CODEC(ZSTD(1)),
  `number` String CODEC(ZSTD(1)),
  `received_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `updated_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `kind` String CODEC(ZSTD(1)),
  `kind_code` LowCardinality(String),
  `category` LowCardinality(String),
  `priority` Nullable(Int64) CODEC(ZSTD(1)),
  `priority_raw` LowCardinality(String),
  `status` LowCardinality(String),
  `dispatched_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `arrived_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `closed_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `address` String CODEC(ZSTD(1)),
  `lat` Nullable(Float64) CODEC(ZSTD(1)),
  `lon` Nullable(Float64) CODEC(ZSTD(1)),
  `uncertainty_m` Nullable(Float64) CODEC(ZSTD(1)),
  `district` LowCardinality(String),
  `beat` LowCardinality(String),
  `disposition` String CODEC(ZSTD(1)),
  `stored_at` DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
  `_topic` LowCardinality(String),
  `_partition` Int32 CODEC(ZSTD(1)),
  `_offset` Int64 CODEC(Delta(8), ZSTD(1)),
  INDEX by_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX by_observed_at observed_at TYPE minmax GRANULARITY 4,
  PROJECTION stored_ids (SELECT `event_id`, `received_at` ORDER BY `received_at`),
  PROJECTION by_district INDEX (`district`, `received_at`) TYPE basic
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`received_at`)
ORDER BY (`call_id`, `updated_at`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE VIEW IF NOT EXISTS rtcc.calls AS
SELECT * FROM rtcc.call_states
ORDER BY `call_id`, `updated_at` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `call_id`;

CREATE TABLE IF NOT EXISTS rtcc.incident_states (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `incident_id` UUID,
  `rev` Int64 CODEC(ZSTD(1)),
  `status` LowCardinality(String),
  `kind` String CODEC(ZSTD(1)),
  `category` LowCardinality(String),
  `priority` Nullable(Int64) CODEC(ZSTD(1)),
  `opened_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `closed_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `address` String CODEC(ZSTD(1)),
  `lat` Nullable(Float64) CODEC(ZSTD(1)),
  `lon` Nullable(Float64) CODEC(ZSTD(1)),
  `call_ids` Array(String) CODEC(ZSTD(1)),
  `zones` Array(String) CODEC(ZSTD(1)),
  `nearest_cameras` Array(Tuple(camera_id String, distance_m Float64)) CODEC(ZSTD(1)),
  `stored_at` DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
  `_topic` LowCardinality(String),
  `_partition` Int32 CODEC(ZSTD(1)),
  `_offset` Int64 CODEC(Delta(8), ZSTD(1)),
  INDEX by_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX by_observed_at observed_at TYPE minmax GRANULARITY 4,
  PROJECTION stored_ids (SELECT `event_id`, `opened_at` ORDER BY `opened_at`)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`opened_at`)
ORDER BY (`incident_id`, `rev`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE VIEW IF NOT EXISTS rtcc.incidents AS
SELECT * FROM rtcc.incident_states
ORDER BY `incident_id`, `rev` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `incident_id`;

CREATE TABLE IF NOT EXISTS rtcc.hotlist_versions (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `list_id` String CODEC(ZSTD(1)),
  `version` String CODEC(ZSTD(1)),
  `title` String CODEC(ZSTD(1)),
  `owner` LowCardinality(String),
  `as_of` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `entry_count` Int64 CODEC(ZSTD(1)),
  `chunk_count` Int64 CODEC(ZSTD(1)),
  `checksum` String CODEC(ZSTD(1)),
  `base_version` String CODEC(ZSTD(1)),
  `tolerance` LowCardinality(String),
  `max_age_s` Nullable(Float64) CODEC(ZSTD(1)),
  `time_zone` String CODEC(ZSTD(1)),
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
ORDER BY (`list_id`, `version`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE VIEW IF NOT EXISTS rtcc.hotlists AS
SELECT * FROM rtcc.hotlist_versions
ORDER BY `list_id`, `version` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `list_id`;

CREATE TABLE IF NOT EXISTS rtcc.hotlist_entries (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `list_id` String CODEC(ZSTD(1)),
  `list_version` String CODEC(ZSTD(1)),
  `chunk` Int64 CODEC(ZSTD(1)),
  `entry_id` String CODEC(ZSTD(1)),
  `plate` String CODEC(ZSTD(1)),
  `plate_region` LowCardinality(Nullable(String)),
  `kind` LowCardinality(String),
  `severity` LowCardinality(String),
  `reason` String CODEC(ZSTD(1)),
  `case_number` String CODEC(ZSTD(1)),
  `vehicle_make` LowCardinality(Nullable(String)),
  `vehicle_model` LowCardinality(Nullable(String)),
  `vehicle_colour` LowCardinality(Nullable(String)),
  `expires_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `vehicle_body` LowCardinality(Nullable(String)),
  `schedule` String CODEC(ZSTD(1)),
  `audience` LowCardinality(String),
  `is_removed` Bool,
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
ORDER BY (`plate`, `list_id`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

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

CREATE TABLE IF NOT EXISTS rtcc.zone_states (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `zone_id` String CODEC(ZSTD(1)),
  `name` String CODEC(ZSTD(1)),
  `kind` LowCardinality(String),
  `polygons` Array(Array(Array(Tuple(Float64, Float64)))) CODEC(ZSTD(1)),
  `watched` Bool,
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
ORDER BY (`zone_id`, `occurred_at`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE VIEW IF NOT EXISTS rtcc.zones AS
SELECT * FROM (
SELECT * FROM rtcc.zone_states
ORDER BY `zone_id`, `observed_at` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `zone_id`
) WHERE NOT `removed`;

CREATE TABLE IF NOT EXISTS rtcc.alert_states (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `alert_id` UUID,
  `rev` Int64 CODEC(ZSTD(1)),
  `rule` LowCardinality(String),
  `rule_version` Int64 CODEC(ZSTD(1)),
  `severity` LowCardinality(String),
  `status` LowCardinality(String),
  `title` String CODEC(ZSTD(1)),
  `subject_kind` LowCardinality(String),
  `subject` String CODEC(ZSTD(1)),
  `camera_id` Nullable(String) CODEC(ZSTD(1)),
  `incident_id` Nullable(UUID),
  `lat` Nullable(Float64) CODEC(ZSTD(1)),
  `lon` Nullable(Float64) CODEC(ZSTD(1)),
  `zones` Array(String) CODEC(ZSTD(1)),
  `raised_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `why` Array(Tuple(kind LowCardinality(String), text String, facts Map(String, String))) CODEC(ZSTD(1)),
  `triggers` Array(UUID) CODEC(ZSTD(1)),
  `actions` Array(UUID) CODEC(ZSTD(1)),
  `changed_by` String CODEC(ZSTD(1)),
  `changed_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `note` String CODEC(ZSTD(1)),
  `checks` Array(String) CODEC(ZSTD(1)),
  `verdict` LowCardinality(String),
  `verified_by` String CODEC(ZSTD(1)),
  `stored_at` DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
  `_topic` LowCardinality(String),
  `_partition` Int32 CODEC(ZSTD(1)),
  `_offset` Int64 CODEC(Delta(8), ZSTD(1)),
  INDEX by_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX by_observed_at observed_at TYPE minmax GRANULARITY 4,
  PROJECTION stored_ids (SELECT `event_id`, `raised_at` ORDER BY `raised_at`)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`raised_at`)
ORDER BY (`rule`, `alert_id`, `rev`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE VIEW IF NOT EXISTS rtcc.alerts AS
SELECT * FROM rtcc.alert_states
ORDER BY `alert_id`, `rev` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `alert_id`;

CREATE TABLE IF NOT EXISTS rtcc.actions (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `name` LowCardinality(String),
  `subject_id` String CODEC(ZSTD(1)),
  `actor` String CODEC(ZSTD(1)),
  `note` String CODEC(ZSTD(1)),
  `checks` Array(String) CODEC(ZSTD(1)),
  `verdict` LowCardinality(String),
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
ORDER BY (`subject_id`, `occurred_at`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE TABLE IF NOT EXISTS rtcc.dead_letters (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `reason` LowCardinality(String),
  `step` LowCardinality(String),
  `error` String CODEC(ZSTD(1)),
  `topic` LowCardinality(String),
  `partition` Int64 CODEC(ZSTD(1)),
  `offset` Int64 CODEC(ZSTD(1)),
  `index` Int64 CODEC(ZSTD(1)),
  `key` String CODEC(ZSTD(1)),
  `original` String CODEC(ZSTD(1)),
  `headers` Map(String, String) CODEC(ZSTD(1)),
  `code_version` String CODEC(ZSTD(1)),
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
ORDER BY (`occurred_at`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

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

CREATE TABLE IF NOT EXISTS rtcc.canaries (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `plate` String CODEC(ZSTD(1)),
  `processed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
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
ORDER BY (`source`, `occurred_at`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;
