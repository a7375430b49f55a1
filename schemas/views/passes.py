"""Passes of vehicles at cameras, as views over the sightings."""

from __future__ import annotations

from schemas.look_alikes import default_look_alikes
from schemas.views.view import View, ViewColumn

#: A vehicle not read at a camera for longer than this has passed it. Seconds.
SAME_PASS_S = 60
#: So long while its reader says that it is parked, or goes on calling it the same vehicle. Seconds.
PARKED_PASS_S = 1800


def _fold(column: str) -> str:
    """Return SQL that puts one character in the place of each class of look-alikes, as the default classes are."""
    classes = default_look_alikes().default
    given = "".join(group[1:] for group in classes)
    return f"translate({column}, '{given}', '{''.join(group[0] * (len(group) - 1) for group in classes)}')"


def _reads(keys: str) -> str:
    """Return SQL that numbers the reads of each vehicle by pass; ``keys`` are the columns by which it tells vehicles
    apart. Filters on these reach the table, as they are keys of every window on the way."""
    return f"""(
    SELECT *, sum(begins) OVER (
      PARTITION BY {keys} ORDER BY occurred_at, event_id ROWS UNBOUNDED PRECEDING
    ) AS pass
    FROM (
      SELECT *,
        toUnixTimestamp64Milli(occurred_at) - lagInFrame(toUnixTimestamp64Milli(occurred_at), 1,
          toUnixTimestamp64Milli(occurred_at)) OVER before
          > if(isNotNull(track) OR parked OR lagInFrame(parked) OVER before,
               {PARKED_PASS_S * 1000}, {SAME_PASS_S * 1000}) AS begins
      FROM (
        SELECT
          source, camera_id, toDate(occurred_at) AS day,
          if(isNull(track_id), concat('text ', {_fold("plate")}),
            concat('track ', assumeNotNull(track_id))) AS vehicle,
          occurred_at, event_id, plate AS text, plate_region AS state, confidence AS sure, is_preview AS preview, hits,
          track_id AS track,
          is_parked AS parked, is_noise AS noise, synthetic AS made
        FROM {{db}}.sightings
      )
      WINDOW before AS (
        PARTITION BY {keys}
        ORDER BY occurred_at, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      )
    )
  )"""  # noqa: S608 - of our own


# The day is among the keys for the sake of filters alone, and cuts a pass at midnight UTC in two.
_PASSES = f"""SELECT
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
  FROM {_reads("source, camera_id, day, vehicle")}
  GROUP BY source, camera_id, day, vehicle, pass, text
)
GROUP BY source, camera_id, day, vehicle, pass"""  # noqa: S608 - of our own

_PLATE_PASSES = f"""SELECT
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
FROM {_reads("text, source, camera_id, vehicle")}
GROUP BY text, source, camera_id, vehicle, pass"""  # noqa: S608 - of our own

PASSES = View(
    name="passes",
    what="Passes of vehicles at cameras: reads of one vehicle in view together, with all its readings.",
    reads=("sighting",),
    columns=(
        ViewColumn("source", "LowCardinality(String)", "Who read it."),
        ViewColumn("camera_id", "String", "The camera. A filter on it is quick."),
        ViewColumn("day", "Date", "The day (UTC). A filter on it is quick; a pass at midnight is two."),
        ViewColumn("began_at", "DateTime64(3, 'UTC')", "The first read."),
        ViewColumn("ended_at", "DateTime64(3, 'UTC')", "The last read."),
        ViewColumn("plate", "String", "The best reading: final before preview, then the surest, then the most read."),
        ViewColumn("plate_region", "Nullable(String)", "State or country of the best reading."),
        ViewColumn("confidence", "Float64", "How sure the reader was of the best reading, 0..1."),
        ViewColumn("best_read", "UUID", "The event_id of the read and the sighting with the best reading."),
        ViewColumn("reads", "UInt64", "How many reads there were."),
        ViewColumn(
            "variants",
            "Array(Tuple(plate String, reads UInt64, confidence Float64, is_final Bool))",
            "Every reading: plate, reads, greatest confidence, whether any was final; the most read final one first.",
        ),
        ViewColumn("listed", "Array(String)", "list/entry of the list entries hit by any of its reads."),
        ViewColumn("track_id", "Nullable(String)", "The reader's id of the vehicle, if it gave one."),
        ViewColumn("is_parked", "Bool", "Whether the reader said that it stood still."),
        ViewColumn("is_noise", "Bool", "Whether what was read is known there as no plate."),
        ViewColumn("synthetic", "Bool", "Whether any of the reads was made up."),
    ),
    select=_PASSES,
)

PLATE_PASSES = View(
    name="plate_passes",
    what="Passes of one plate as it was read, without the vehicle's other readings: quick in a large store.",
    reads=("sighting",),
    columns=(
        ViewColumn("plate", "String", "What was read. A filter on it is quick."),
        ViewColumn("source", "LowCardinality(String)", "Who read it."),
        ViewColumn("camera_id", "String", "The camera."),
        ViewColumn("began_at", "DateTime64(3, 'UTC')", "The first read."),
        ViewColumn("ended_at", "DateTime64(3, 'UTC')", "The last read."),
        ViewColumn("reads", "UInt64", "How many reads there were."),
        ViewColumn("confidence", "Float64", "The greatest confidence, 0..1."),
        ViewColumn("is_final", "Bool", "Whether any read was final."),
        ViewColumn("listed", "Array(String)", "list/entry of the list entries hit by any of its reads."),
        ViewColumn("track_id", "Nullable(String)", "The reader's id of the vehicle, if it gave one."),
        ViewColumn("is_parked", "Bool", "Whether the reader said that it stood still."),
        ViewColumn("is_noise", "Bool", "Whether what was read is known there as no plate."),
        ViewColumn("synthetic", "Bool", "Whether any of the reads was made up."),
    ),
    select=_PLATE_PASSES,
)
