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
  `earlier` Array(Tuple(event_id UUID, plate String, confidence Float64)) CODEC(ZSTD(1)),
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
  `is_parked` Bool,
  `is_noise` Bool,
  `variants` Array(Tuple(plate String, confidence Float64)) CODEC(ZSTD(1)),
  `audiences` Array(String) CODEC(ZSTD(1)),
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
  `contact` LowCardinality(String),
  `incident_ref` String CODEC(ZSTD(1)),
  `callback_number` String CODEC(ZSTD(1)),
  `is_number_withheld` Bool,
  `service_class` LowCardinality(String),
  `presented_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `answered_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `ended_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `owner` String CODEC(ZSTD(1)),
  `handed_over_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `locations` Array(Tuple(role LowCardinality(String), lat Nullable(Float64), lon Nullable(Float64), uncertainty_m Nullable(Float64), confidence Nullable(Float64), shape String, address String, method LowCardinality(String), at Nullable(DateTime64(3, 'UTC')), keep_until Nullable(DateTime64(3, 'UTC')), may_share Bool)) CODEC(ZSTD(1)),
  `notes` Array(Tuple(text String, at Nullable(DateTime64(3, 'UTC')), author String)) CODEC(ZSTD(1)),
  `units` Array(Tuple(unit_id String, status LowCardinality(String), dispatched_at Nullable(DateTime64(3, 'UTC')), en_route_at Nullable(DateTime64(3, 'UTC')), arrived_at Nullable(DateTime64(3, 'UTC')), cleared_at Nullable(DateTime64(3, 'UTC')))) CODEC(ZSTD(1)),
  `vehicles` Array(Tuple(relation LowCardinality(String), plate String, plate_region LowCardinality(Nullable(String)), description String)) CODEC(ZSTD(1)),
  `links` Array(Tuple(relation LowCardinality(String), call_id String, incident_ref String)) CODEC(ZSTD(1)),
  `document_id` String CODEC(ZSTD(1)),
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

CREATE TABLE IF NOT EXISTS rtcc.call_keys (
  `key` String CODEC(ZSTD(1)),
  `call_id` String CODEC(ZSTD(1)),
  `number` String CODEC(ZSTD(1)),
  `received_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `updated_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `kind` String CODEC(ZSTD(1)),
  `category` LowCardinality(String),
  `priority` Nullable(Int64) CODEC(ZSTD(1)),
  `status` LowCardinality(String),
  `disposition` String CODEC(ZSTD(1)),
  `address` String CODEC(ZSTD(1)),
  `lat` Nullable(Float64) CODEC(ZSTD(1)),
  `lon` Nullable(Float64) CODEC(ZSTD(1)),
  `callback_number` String CODEC(ZSTD(1)),
  `is_number_withheld` Bool
)
ENGINE = MergeTree
ORDER BY (`key`, `received_at`)
SETTINGS
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1,
  index_granularity = 512,
  min_compress_block_size = 4096;

CREATE VIEW IF NOT EXISTS rtcc.calls AS
SELECT * FROM rtcc.call_states
ORDER BY `call_id`, `updated_at` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `call_id`;

CREATE TABLE IF NOT EXISTS rtcc.source_documents (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `document_id` String CODEC(ZSTD(1)),
  `part` Int64 CODEC(ZSTD(1)),
  `parts` Int64 CODEC(ZSTD(1)),
  `media_type` LowCardinality(String),
  `about` String CODEC(ZSTD(1)),
  `text` String CODEC(ZSTD(1)),
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
ORDER BY (`document_id`, `part`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE TABLE IF NOT EXISTS rtcc.person_states (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `person_id` String CODEC(ZSTD(1)),
  `updated_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `role` LowCardinality(String),
  `full_name` String CODEC(ZSTD(1)),
  `given_name` String CODEC(ZSTD(1)),
  `middle_name` String CODEC(ZSTD(1)),
  `family_name` String CODEC(ZSTD(1)),
  `aliases` Array(String) CODEC(ZSTD(1)),
  `birth_date` String CODEC(ZSTD(1)),
  `sex` LowCardinality(String),
  `phones` Array(String) CODEC(ZSTD(1)),
  `address` String CODEC(ZSTD(1)),
  `lat` Nullable(Float64) CODEC(ZSTD(1)),
  `lon` Nullable(Float64) CODEC(ZSTD(1)),
  `call_id` String CODEC(ZSTD(1)),
  `is_removed` Bool,
  `stored_at` DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),
  `_topic` LowCardinality(String),
  `_partition` Int32 CODEC(ZSTD(1)),
  `_offset` Int64 CODEC(Delta(8), ZSTD(1)),
  INDEX by_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX by_observed_at observed_at TYPE minmax GRANULARITY 4,
  PROJECTION stored_ids (SELECT `event_id`, `occurred_at` ORDER BY `occurred_at`),
  PROJECTION by_key (SELECT `event_id`, `occurred_at`, `observed_at`, `source`, `jurisdiction`, `synthetic`, `person_id`, `updated_at`, `role`, `full_name`, `given_name`, `middle_name`, `family_name`, `aliases`, `birth_date`, `sex`, `phones`, `address`, `lat`, `lon`, `call_id`, `is_removed`, `stored_at`, `_offset` ORDER BY cityHash64(`person_id`)) WITH SETTINGS (index_granularity = 64)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`occurred_at`)
ORDER BY (`person_id`, `updated_at`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE TABLE IF NOT EXISTS rtcc.person_keys (
  `key` String CODEC(ZSTD(1)),
  `person_id` String CODEC(ZSTD(1)),
  `of_event` UUID,
  `names` Array(String) CODEC(ZSTD(1)),
  `birth_date` String CODEC(ZSTD(1)),
  `version` UInt16 DEFAULT 1 CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (`key`, `person_id`, `of_event`)
SETTINGS
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1,
  index_granularity = 512,
  min_compress_block_size = 4096;

CREATE VIEW IF NOT EXISTS rtcc.persons AS
SELECT * FROM rtcc.person_states
ORDER BY `person_id`, `updated_at` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `person_id`;

CREATE TABLE IF NOT EXISTS rtcc.marker_states (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `marker_id` String CODEC(ZSTD(1)),
  `changed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `changed_by` String CODEC(ZSTD(1)),
  `category` LowCardinality(String),
  `kind` LowCardinality(String),
  `subject_kind` LowCardinality(String),
  `subject` String CODEC(ZSTD(1)),
  `lat` Nullable(Float64) CODEC(ZSTD(1)),
  `lon` Nullable(Float64) CODEC(ZSTD(1)),
  `text` String CODEC(ZSTD(1)),
  `origin` String CODEC(ZSTD(1)),
  `review_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `expires_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
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
ORDER BY (`marker_id`, `changed_at`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE VIEW IF NOT EXISTS rtcc.markers AS
SELECT * FROM rtcc.marker_states
ORDER BY `marker_id`, `changed_at` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `marker_id`;

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
  `stage` LowCardinality(String),
  `owner` String CODEC(ZSTD(1)),
  `units` Array(String) CODEC(ZSTD(1)),
  `merged_into` Nullable(UUID),
  `split_from` Nullable(UUID),
  `linked` Array(UUID) CODEC(ZSTD(1)),
  `grade` LowCardinality(String),
  `actions` Array(UUID) CODEC(ZSTD(1)),
  `changed_by` String CODEC(ZSTD(1)),
  `changed_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `note` String CODEC(ZSTD(1)),
  `calls` Array(Tuple(call_id String, incident_id UUID, state_id UUID, told_id UUID, digest String, source LowCardinality(String), received_at DateTime64(3, 'UTC'), updated_at DateTime64(3, 'UTC'), observed_at DateTime64(3, 'UTC'), status LowCardinality(String), kind String, category LowCardinality(String), priority Nullable(Int64), priorities Array(String), address String, lat Nullable(Float64), lon Nullable(Float64), uncertainty_m Nullable(Float64), incident_ref String, contact LowCardinality(String), owner String, handed_over_at Nullable(DateTime64(3, 'UTC')), disposition String, units Array(String), why String)) CODEC(ZSTD(1)),
  `stage_by` String CODEC(ZSTD(1)),
  `stage_before` LowCardinality(String),
  `person_rev` Int64 CODEC(ZSTD(1)),
  `assigned_units` Array(String) CODEC(ZSTD(1)),
  `is_apart` Bool,
  `refused` Array(Tuple(action_id UUID, name LowCardinality(String), actor String, why LowCardinality(String), first_by String, at DateTime64(3, 'UTC'))) CODEC(ZSTD(1)),
  `record_number` String CODEC(ZSTD(1)),
  `assessment_version` Int64 CODEC(ZSTD(1)),
  `assessed` Array(UUID) CODEC(ZSTD(1)),
  `needs_assessment` Bool,
  `tasks` Array(Tuple(task_id String, text String, source String, added_by String, added_at DateTime64(3, 'UTC'), assignee String, state LowCardinality(String), note String, changed_by String, changed_at DateTime64(3, 'UTC'), rev Int64)) CODEC(ZSTD(1)),
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

CREATE TABLE IF NOT EXISTS rtcc.assessments (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `incident_id` UUID,
  `version` Int64 CODEC(ZSTD(1)),
  `made_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `made_by` String CODEC(ZSTD(1)),
  `grade` LowCardinality(String),
  `why` String CODEC(ZSTD(1)),
  `threat` String CODEC(ZSTD(1)),
  `harm` String CODEC(ZSTD(1)),
  `risk` String CODEC(ZSTD(1)),
  `investigation` String CODEC(ZSTD(1)),
  `vulnerability` String CODEC(ZSTD(1)),
  `engagement` String CODEC(ZSTD(1)),
  `repeat_checked_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `vulnerability_checked_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `prevention_advised_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `evidence_advised_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `known` Array(UUID) CODEC(ZSTD(1)),
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
ORDER BY (`incident_id`, `version`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

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

CREATE TABLE IF NOT EXISTS rtcc.unit_positions (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `unit_id` String CODEC(ZSTD(1)),
  `call_sign` String CODEC(ZSTD(1)),
  `kind` LowCardinality(String),
  `agency` LowCardinality(String),
  `lat` Float64 CODEC(ZSTD(1)),
  `lon` Float64 CODEC(ZSTD(1)),
  `accuracy_m` Nullable(Float64) CODEC(ZSTD(1)),
  `heading_deg` Nullable(Float64) CODEC(ZSTD(1)),
  `speed_kmh` Nullable(Float64) CODEC(ZSTD(1)),
  `status` LowCardinality(String),
  `status_raw` LowCardinality(String),
  `incident_ref` String CODEC(ZSTD(1)),
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
ORDER BY (`unit_id`, `occurred_at`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE VIEW IF NOT EXISTS rtcc.units AS
SELECT * FROM rtcc.unit_positions
ORDER BY `unit_id`, `occurred_at` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `unit_id`;

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
  `audience` LowCardinality(String),
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

CREATE TABLE IF NOT EXISTS rtcc.plate_noise_states (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `noise_id` String CODEC(ZSTD(1)),
  `camera_id` String CODEC(ZSTD(1)),
  `plate` String CODEC(ZSTD(1)),
  `is_noise` Bool,
  `is_learnt` Bool,
  `changed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `changed_by` String CODEC(ZSTD(1)),
  `reason` String CODEC(ZSTD(1)),
  `hours` Int64 CODEC(ZSTD(1)),
  `reads` Int64 CODEC(ZSTD(1)),
  `fewest_in_an_hour` Int64 CODEC(ZSTD(1)),
  `most_in_an_hour` Int64 CODEC(ZSTD(1)),
  `doubts` Array(String) CODEC(ZSTD(1)),
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
ORDER BY (`noise_id`, `changed_at`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE VIEW IF NOT EXISTS rtcc.plate_noise AS
SELECT * FROM rtcc.plate_noise_states
ORDER BY `noise_id`, `changed_at` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `noise_id`;

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
  `rules` Array(String) CODEC(ZSTD(1)),
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
  `verdict_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `true_plate` String CODEC(ZSTD(1)),
  `audience` LowCardinality(String),
  `shelved_until` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `shelved_by` String CODEC(ZSTD(1)),
  `shelved_reason` String CODEC(ZSTD(1)),
  `open_since` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `escalated_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `outcome` LowCardinality(String),
  `owner` String CODEC(ZSTD(1)),
  `escalated_by` String CODEC(ZSTD(1)),
  `history` Array(Tuple(action_id UUID, name LowCardinality(String), actor String, at DateTime64(3, 'UTC'), note String, about String)) CODEC(ZSTD(1)),
  `standing_before` Array(Tuple(status LowCardinality(String), owner String, shelved_until Nullable(DateTime64(3, 'UTC')), shelved_by String, shelved_reason String, escalated_at Nullable(DateTime64(3, 'UTC')), escalated_by String)) CODEC(ZSTD(1)),
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
  `details` Map(String, String) CODEC(ZSTD(1)),
  `true_plate` String CODEC(ZSTD(1)),
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

CREATE TABLE IF NOT EXISTS rtcc.seals (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `chain` String CODEC(ZSTD(1)),
  `number` Int64 CODEC(ZSTD(1)),
  `previous` String CODEC(ZSTD(1)),
  `root` String CODEC(ZSTD(1)),
  `count` Int64 CODEC(ZSTD(1)),
  `read_from` LowCardinality(String),
  `first_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `last_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `signature` String CODEC(ZSTD(1)),
  `deeds` Array(UUID) CODEC(ZSTD(1)),
  `commitments` Array(String) CODEC(ZSTD(1)),
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
ORDER BY (`chain`, `number`, `event_id`)
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

CREATE TABLE IF NOT EXISTS rtcc.image_states (
  `event_id` UUID,
  `occurred_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `observed_at` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  `source` LowCardinality(String),
  `jurisdiction` LowCardinality(String),
  `synthetic` Bool,
  `read_id` UUID,
  `rev` Int64 CODEC(ZSTD(1)),
  `state` LowCardinality(String),
  `reason` LowCardinality(String),
  `camera_id` Nullable(String) CODEC(ZSTD(1)),
  `image_ref` String CODEC(ZSTD(1)),
  `expires_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)),
  `sha256` String CODEC(ZSTD(1)),
  `byte_count` Int64 CODEC(ZSTD(1)),
  `media_type` LowCardinality(String),
  `audience` LowCardinality(String),
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
ORDER BY (`read_id`, `rev`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

CREATE VIEW IF NOT EXISTS rtcc.images AS
SELECT * FROM rtcc.image_states
ORDER BY `read_id`, `rev` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `read_id`;

CREATE VIEW IF NOT EXISTS rtcc.passes AS
SELECT
  source, camera_id, day,
  min(first_at) AS began_at,
  max(last_at) AS ended_at,
  argMax(text, tuple(is_final, best_confidence, plate_reads, best_id)) AS plate,
  argMax(tuple(region), tuple(is_final, best_confidence, plate_reads, best_id)).1 AS plate_region,
  max(tuple(is_final, best_confidence)).2 AS confidence,
  argMax(best_id, tuple(is_final, best_confidence, plate_reads, best_id)) AS best_read,
  sum(plate_reads) AS reads,
  arraySort(one -> (NOT one.4, -one.2, one.1), groupArray(CAST(
    tuple(text, plate_reads, best_confidence, is_final),
    'Tuple(plate String, reads UInt64, confidence Float64, is_final Bool)'
  ))) AS variants,
  groupUniqArrayArray(plate_listed) AS listed,
  any(some_track) AS track_id,
  max(ever_parked) AS is_parked,
  max(ever_noise) AS is_noise,
  max(made_up) AS synthetic
FROM (
  SELECT
    source, camera_id, day, vehicle, pass, text,
    count() AS plate_reads,
    max(NOT preview) AS is_final,
    if(is_final, maxIf(sure, NOT preview), max(sure)) AS best_confidence,
    argMax(event_id, tuple(NOT preview, sure, event_id)) AS best_id,
    argMax(tuple(state), tuple(NOT preview, sure, event_id)).1 AS region,
    min(occurred_at) AS first_at,
    max(occurred_at) AS last_at,
    groupUniqArrayArray(arrayMap(hit -> concat(hit.1, '/', hit.2), hits)) AS plate_listed,
    any(track) AS some_track,
    max(parked) AS ever_parked,
    max(noise) AS ever_noise,
    max(made) AS made_up
  FROM (
    SELECT *, sum(begins) OVER (
      PARTITION BY source, camera_id, day, vehicle ORDER BY occurred_at, event_id ROWS UNBOUNDED PRECEDING
    ) AS pass
    FROM (
      SELECT *,
        toUnixTimestamp64Milli(occurred_at) - lagInFrame(toUnixTimestamp64Milli(occurred_at), 1,
          toUnixTimestamp64Milli(occurred_at)) OVER before
          > if(isNotNull(track) OR parked OR lagInFrame(parked) OVER before,
               1800000, 60000) AS begins
      FROM (
        SELECT
          source, camera_id, toDate(occurred_at) AS day,
          if(isNull(track_id), concat('text ', translate(plate, 'ODQIZSBG', '00012586')),
            concat('track ', assumeNotNull(track_id))) AS vehicle,
          occurred_at, event_id, plate AS text, plate_region AS state, confidence AS sure, is_preview AS preview, hits,
          track_id AS track,
          is_parked AS parked, is_noise AS noise, synthetic AS made
        FROM rtcc.sightings
      )
      WINDOW before AS (
        PARTITION BY source, camera_id, day, vehicle
        ORDER BY occurred_at, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      )
    )
  )
  GROUP BY source, camera_id, day, vehicle, pass, text
)
GROUP BY source, camera_id, day, vehicle, pass;

CREATE VIEW IF NOT EXISTS rtcc.plate_passes AS
SELECT
  text AS plate, source, camera_id,
  min(occurred_at) AS began_at,
  max(occurred_at) AS ended_at,
  count() AS reads,
  max(sure) AS confidence,
  max(NOT preview) AS is_final,
  groupUniqArrayArray(arrayMap(hit -> concat(hit.1, '/', hit.2), hits)) AS listed,
  any(track) AS track_id,
  max(parked) AS is_parked,
  max(noise) AS is_noise,
  max(made) AS synthetic
FROM (
    SELECT *, sum(begins) OVER (
      PARTITION BY text, source, camera_id, vehicle ORDER BY occurred_at, event_id ROWS UNBOUNDED PRECEDING
    ) AS pass
    FROM (
      SELECT *,
        toUnixTimestamp64Milli(occurred_at) - lagInFrame(toUnixTimestamp64Milli(occurred_at), 1,
          toUnixTimestamp64Milli(occurred_at)) OVER before
          > if(isNotNull(track) OR parked OR lagInFrame(parked) OVER before,
               1800000, 60000) AS begins
      FROM (
        SELECT
          source, camera_id, toDate(occurred_at) AS day,
          if(isNull(track_id), concat('text ', translate(plate, 'ODQIZSBG', '00012586')),
            concat('track ', assumeNotNull(track_id))) AS vehicle,
          occurred_at, event_id, plate AS text, plate_region AS state, confidence AS sure, is_preview AS preview, hits,
          track_id AS track,
          is_parked AS parked, is_noise AS noise, synthetic AS made
        FROM rtcc.sightings
      )
      WINDOW before AS (
        PARTITION BY text, source, camera_id, vehicle
        ORDER BY occurred_at, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      )
    )
  )
GROUP BY text, source, camera_id, vehicle, pass;

CREATE VIEW IF NOT EXISTS rtcc.plate_verdicts AS
SELECT
  alert_id,
  triggers[1] AS read_id,
  rule,
  ifNull(camera_id, '') AS camera_id,
  matched['list_id'] AS list_id,
  matched['entry_id'] AS entry_id,
  matched['match'] AS match_kind,
  subject AS read_plate,
  matched['listed_plate'] AS listed_plate,
  multiIf(
    verdict NOT IN ('correct', 'wrong_state', 'list_wrong'), said_plate,
    match_kind = 'pattern', matched['matched_plate'],
    listed_plate
  ) AS true_plate,
  verdict,
  verified_by,
  coalesce(said_at, changed_at, raised_at) AS verdict_at,
  toFloat64OrNull(calibrated['probability']) AS probability,
  synthetic,
  audience
FROM (
  SELECT
    alert_id, triggers, rule, camera_id, subject, verdict, verified_by, changed_at, raised_at, synthetic, audience,
    verdict_at AS said_at,
    true_plate AS said_plate,
    arrayFirst(reason -> reason.kind = 'match', why).facts AS matched,
    arrayFirst(reason -> reason.kind = 'calibration', why).facts AS calibrated
  FROM rtcc.alerts
  WHERE subject_kind = 'plate' AND verdict != ''
)
WHERE list_id != '';

CREATE VIEW IF NOT EXISTS rtcc.plate_confusions AS
SELECT
  camera_id,
  synthetic,
  pair.1 AS true_character,
  pair.2 AS read_character,
  count() AS times
FROM (
  SELECT camera_id, synthetic, read_plate, true_plate
  FROM rtcc.plate_verdicts
  WHERE true_plate != '' AND lengthUTF8(true_plate) = lengthUTF8(read_plate)
  ORDER BY verdict_at DESC
  LIMIT 1 BY read_id
)
ARRAY JOIN arrayZip(extractAll(true_plate, '.'), extractAll(read_plate, '.')) AS pair
GROUP BY camera_id, synthetic, true_character, read_character;
