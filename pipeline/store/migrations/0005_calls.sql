-- Calls as NENA EIDO, ALI and CAD tell them; persons, markers, documents, assessments, units; an incident that people work on.

ALTER TABLE rtcc.call_states ADD COLUMN IF NOT EXISTS `contact` LowCardinality(String) AFTER `disposition`;
ALTER TABLE rtcc.call_states ADD COLUMN IF NOT EXISTS `incident_ref` String CODEC(ZSTD(1)) AFTER `contact`;
ALTER TABLE rtcc.call_states ADD COLUMN IF NOT EXISTS `callback_number` String CODEC(ZSTD(1)) AFTER `incident_ref`;
ALTER TABLE rtcc.call_states ADD COLUMN IF NOT EXISTS `is_number_withheld` Bool AFTER `callback_number`;
ALTER TABLE rtcc.call_states ADD COLUMN IF NOT EXISTS `service_class` LowCardinality(String) AFTER `is_number_withheld`;
ALTER TABLE rtcc.call_states ADD COLUMN IF NOT EXISTS `presented_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)) AFTER `service_class`;
ALTER TABLE rtcc.call_states ADD COLUMN IF NOT EXISTS `answered_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)) AFTER `presented_at`;
ALTER TABLE rtcc.call_states ADD COLUMN IF NOT EXISTS `ended_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)) AFTER `answered_at`;
ALTER TABLE rtcc.call_states ADD COLUMN IF NOT EXISTS `owner` String CODEC(ZSTD(1)) AFTER `ended_at`;
ALTER TABLE rtcc.call_states ADD COLUMN IF NOT EXISTS `handed_over_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)) AFTER `owner`;
ALTER TABLE rtcc.call_states ADD COLUMN IF NOT EXISTS `locations` Array(Tuple(role LowCardinality(String), lat Nullable(Float64), lon Nullable(Float64), uncertainty_m Nullable(Float64), confidence Nullable(Float64), shape String, address String, method LowCardinality(String), at Nullable(DateTime64(3, 'UTC')), keep_until Nullable(DateTime64(3, 'UTC')), may_share Bool)) CODEC(ZSTD(1)) AFTER `handed_over_at`;
ALTER TABLE rtcc.call_states ADD COLUMN IF NOT EXISTS `notes` Array(Tuple(text String, at Nullable(DateTime64(3, 'UTC')), author String)) CODEC(ZSTD(1)) AFTER `locations`;
ALTER TABLE rtcc.call_states ADD COLUMN IF NOT EXISTS `units` Array(Tuple(unit_id String, status LowCardinality(String), dispatched_at Nullable(DateTime64(3, 'UTC')), en_route_at Nullable(DateTime64(3, 'UTC')), arrived_at Nullable(DateTime64(3, 'UTC')), cleared_at Nullable(DateTime64(3, 'UTC')))) CODEC(ZSTD(1)) AFTER `notes`;
ALTER TABLE rtcc.call_states ADD COLUMN IF NOT EXISTS `vehicles` Array(Tuple(relation LowCardinality(String), plate String, plate_region LowCardinality(Nullable(String)), description String)) CODEC(ZSTD(1)) AFTER `units`;
ALTER TABLE rtcc.call_states ADD COLUMN IF NOT EXISTS `links` Array(Tuple(relation LowCardinality(String), call_id String, incident_ref String)) CODEC(ZSTD(1)) AFTER `vehicles`;
ALTER TABLE rtcc.call_states ADD COLUMN IF NOT EXISTS `document_id` String CODEC(ZSTD(1)) AFTER `links`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `stage` LowCardinality(String) AFTER `nearest_cameras`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `owner` String CODEC(ZSTD(1)) AFTER `stage`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `units` Array(String) CODEC(ZSTD(1)) AFTER `owner`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `merged_into` Nullable(UUID) AFTER `units`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `split_from` Nullable(UUID) AFTER `merged_into`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `linked` Array(UUID) CODEC(ZSTD(1)) AFTER `split_from`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `grade` LowCardinality(String) AFTER `linked`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `actions` Array(UUID) CODEC(ZSTD(1)) AFTER `grade`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `changed_by` String CODEC(ZSTD(1)) AFTER `actions`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `changed_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)) AFTER `changed_by`;
ALTER TABLE rtcc.incident_states ADD COLUMN IF NOT EXISTS `note` String CODEC(ZSTD(1)) AFTER `changed_at`;
ALTER TABLE rtcc.actions ADD COLUMN IF NOT EXISTS `details` Map(String, String) CODEC(ZSTD(1)) AFTER `verdict`;

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
  PROJECTION stored_ids (SELECT `event_id`, `occurred_at` ORDER BY `occurred_at`)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(`occurred_at`)
ORDER BY (`person_id`, `updated_at`, `event_id`)
SETTINGS
  non_replicated_deduplication_window = 10000,
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  min_rows_to_fsync_after_merge = 1;

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

-- A view keeps the columns that were there when it was made.

CREATE OR REPLACE VIEW rtcc.calls AS
SELECT * FROM rtcc.call_states
ORDER BY `call_id`, `updated_at` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `call_id`;

CREATE OR REPLACE VIEW rtcc.incidents AS
SELECT * FROM rtcc.incident_states
ORDER BY `incident_id`, `rev` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `incident_id`;
