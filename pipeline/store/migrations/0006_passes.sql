-- Passes of vehicles: what a sighting needs for them, the view that shows them, and texts that are no plates.

ALTER TABLE rtcc.sightings ADD COLUMN IF NOT EXISTS `is_parked` Bool AFTER `clock_skew_s`;
ALTER TABLE rtcc.sightings ADD COLUMN IF NOT EXISTS `is_noise` Bool AFTER `is_parked`;
ALTER TABLE rtcc.sightings ADD COLUMN IF NOT EXISTS `variants` Array(Tuple(plate String, confidence Float64)) CODEC(ZSTD(1)) AFTER `is_noise`;

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
