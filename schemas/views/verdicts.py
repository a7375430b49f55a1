"""What people found of alerts about plates, and what cameras take for what, as views over the alerts."""

from __future__ import annotations

from schemas.views.view import View, ViewColumn

PLATE_VERDICTS = View(
    name="plate_verdicts",
    what="Alerts about plates that a person judged: what matched, what they found, what the plate is.",
    reads=("alert",),
    columns=(
        ViewColumn("alert_id", "UUID", "The alert."),
        ViewColumn("read_id", "UUID", "event_id of the read that raised it."),
        ViewColumn("rule", "LowCardinality(String)", "The rule that raised it."),
        ViewColumn("camera_id", "String", "The camera."),
        ViewColumn("list_id", "String", "The list of the entry that it matched."),
        ViewColumn("entry_id", "String", "That entry."),
        ViewColumn("match_kind", "String", "exact, look_alike, candidate, pattern or edit."),
        ViewColumn("read_plate", "String", "The plate as read."),
        ViewColumn("listed_plate", "String", "The plate as listed."),
        ViewColumn("true_plate", "String", "The plate in the picture; empty: not known."),
        ViewColumn("verdict", "LowCardinality(String)", "correct, wrong_state, misread, list_wrong or other."),
        ViewColumn("verified_by", "String", "Who judged."),
        ViewColumn("verdict_at", "DateTime64(3, 'UTC')", "When."),
        ViewColumn("probability", "Nullable(Float64)", "What was published of it when it was raised; none: nothing."),
        ViewColumn("synthetic", "Bool", "Made up, by a simulator."),
        ViewColumn(
            "audience", "LowCardinality(String)", "Who may see it: empty for all, else audiences, commas between."
        ),
    ),
    select="""SELECT
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
  FROM {db}.alerts
  WHERE subject_kind = 'plate' AND verdict != ''
)
WHERE list_id != ''""",
)

PLATE_CONFUSIONS = View(
    name="plate_confusions",
    what="Which characters each camera reads for which, by judged reads whose true plate is known and as long.",
    reads=("alert",),
    columns=(
        ViewColumn("camera_id", "String", "The camera."),
        ViewColumn("synthetic", "Bool", "Made up, by a simulator."),
        ViewColumn("true_character", "String", "The character in the picture."),
        ViewColumn("read_character", "String", "The character that the camera read for it."),
        ViewColumn("times", "UInt64", "How often."),
    ),
    select="""SELECT
  camera_id,
  synthetic,
  pair.1 AS true_character,
  pair.2 AS read_character,
  count() AS times
FROM (
  SELECT camera_id, synthetic, read_plate, true_plate
  FROM {db}.plate_verdicts
  WHERE true_plate != '' AND lengthUTF8(true_plate) = lengthUTF8(read_plate)
  ORDER BY verdict_at DESC
  LIMIT 1 BY read_id
)
ARRAY JOIN arrayZip(extractAll(true_plate, '.'), extractAll(read_plate, '.')) AS pair
GROUP BY camera_id, synthetic, true_character, read_character""",
)
