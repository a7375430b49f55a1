-- Finding people and the history of a number, a place and a person: search keys of calls and of names.

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
  index_granularity = 512;

-- What is stored already gets its keys, as pipeline/contact/call_keys.py makes them. Run again, it writes them twice,
-- which no question counts.
INSERT INTO rtcc.call_keys
SELECT arrayJoin(arrayFilter(one -> length(one) > 1, [
    concat('i', call_id),
    if(is_number_withheld OR length(replaceRegexpAll(callback_number, '[^0-9]', '')) < 7, '',
       concat('n', right(replaceRegexpAll(callback_number, '[^0-9]', ''), 10))),
    concat('a', trim(BOTH ' ' FROM replaceRegexpAll(upperUTF8(address), '[^\\p{L}\\p{N}]+', ' '))),
    if(isNull(lat) OR isNull(lon), '',
       concat('g', toString(toInt64(floor(assumeNotNull(lat) * 1000))), ':', toString(toInt64(floor(assumeNotNull(lon) * 1000)))))
  ])) AS key,
  call_id, number, received_at, updated_at, kind, category, priority, status, disposition, address, lat, lon,
  callback_number, is_number_withheld
FROM rtcc.call_states;

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
  index_granularity = 512;
