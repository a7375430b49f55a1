-- What people's verdicts teach: the true plate, when it was said; who may see what; pictures of reads.

ALTER TABLE rtcc.actions ADD COLUMN IF NOT EXISTS `true_plate` String CODEC(ZSTD(1)) AFTER `verdict`;
ALTER TABLE rtcc.alert_states ADD COLUMN IF NOT EXISTS `verdict_at` Nullable(DateTime64(3, 'UTC')) CODEC(Delta(8), ZSTD(1)) AFTER `verified_by`;
ALTER TABLE rtcc.alert_states ADD COLUMN IF NOT EXISTS `true_plate` String CODEC(ZSTD(1)) AFTER `verdict_at`;
ALTER TABLE rtcc.alert_states ADD COLUMN IF NOT EXISTS `audience` LowCardinality(String) AFTER `true_plate`;
ALTER TABLE rtcc.sightings ADD COLUMN IF NOT EXISTS `audiences` Array(String) CODEC(ZSTD(1)) AFTER `clock_skew_s`;

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

-- A view keeps the columns that were there when it was made.

CREATE OR REPLACE VIEW rtcc.alerts AS
SELECT * FROM rtcc.alert_states
ORDER BY `alert_id`, `rev` DESC, `stored_at` DESC, `_offset` DESC, `event_id` DESC
LIMIT 1 BY `alert_id`;

CREATE OR REPLACE VIEW rtcc.plate_verdicts AS
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

CREATE OR REPLACE VIEW rtcc.plate_confusions AS
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
