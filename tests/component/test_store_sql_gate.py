# ruff: noqa: E501  (a query per line)
"""The gate for people's SQL on the real engine: what must never run, and what analysts must be able to run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.store.chdb_store import ChdbStore
from pipeline.store.errors import QueryFailedError, QueryRefusedError
from pipeline.store.sql_gate import MAX_QUERY_BYTES
from pipeline.store.store import Placed
from schemas.registry import EVENT_TYPES

SECRET = "the-secret-of-the-file"


@pytest.fixture(scope="module")
def secret_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("outside") / "secret.txt"
    path.write_text(SECRET)
    return path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    opened = ChdbStore(tmp_path_factory.mktemp("store"))
    opened.migrate()
    for offset, kind in enumerate(EVENT_TYPES):
        if kind.table is not None:
            opened.insert(kind, [Placed(kind.examples[0], kind.topic, 0, offset)])
    yield opened
    opened.close()


#: {file} becomes the path of a file that must never be read. One attack per line.
ATTACKS = r"""
SELECT file('{file}')
select FILE('{file}')
SELECT/**/file('{file}')
SELECT file/* */('{file}')
SELECT `file`('{file}')
SELECT "file"('{file}')
SELECT `fi\x6ce`('{file}')
SELECT "fi\x6ce"('{file}')
SELECT (file('{file}'))
SELECT length(file('{file}'))
SELECT concat('x', file('{file}'))
SELECT -1 + length(file('{file}')) AS n
SELECT arrayMap(file, ['{file}'])
SELECT arrayMap((file), ['{file}'])
SELECT arrayMap(`file`, ['{file}'])
SELECT arrayMap(FILE, ['{file}'])
SELECT arrayMap(x -> file(x), ['{file}'])
SELECT arrayMap(x -> (y -> file(y))(x), ['{file}'])
WITH (x -> file(x)) AS g SELECT g('{file}')
WITH file('{file}') AS f SELECT f
WITH file AS f SELECT arrayMap(f, ['{file}'])
WITH (SELECT file('{file}')) AS f SELECT f
WITH a AS (SELECT file('{file}') AS x) SELECT x FROM a
SELECT * APPLY(file) FROM cameras
SELECT * APPLY file FROM cameras
SELECT camera_id APPLY file FROM cameras
SELECT COLUMNS('camera_id') APPLY(file) FROM cameras
SELECT COLUMNS('camera_id') APPLY(x -> file(x)) FROM cameras
SELECT cameras.* APPLY(toString) FROM cameras
SELECT * REPLACE (file('{file}') AS name) FROM cameras
SELECT cameras.* REPLACE (file('{file}') AS name) FROM cameras
SELECT 1 FROM cameras WHERE file('{file}') != ''
SELECT 1 FROM cameras PREWHERE file('{file}') != ''
SELECT 1 FROM cameras GROUP BY file('{file}')
SELECT count() FROM cameras HAVING file('{file}') != ''
SELECT 1 FROM cameras ORDER BY file('{file}')
SELECT 1 FROM cameras ORDER BY 1 WITH FILL FROM length(file('{file}'))
SELECT 1 FROM cameras LIMIT length(file('{file}'))
SELECT 1 FROM cameras LIMIT 1 BY file('{file}')
SELECT 1 FROM cameras QUALIFY file('{file}') != ''
SELECT sum(1) OVER (PARTITION BY file('{file}')) FROM cameras
SELECT sum(1) OVER (ORDER BY 1 ROWS BETWEEN length(file('{file}')) PRECEDING AND CURRENT ROW) FROM cameras
SELECT sum(1) OVER w FROM cameras WINDOW w AS (PARTITION BY file('{file}'))
SELECT 1 FROM cameras ARRAY JOIN [file('{file}')] AS x
SELECT 1 FROM cameras JOIN calls ON file('{file}') = 'x'
SELECT (SELECT file('{file}'))
SELECT 1 WHERE EXISTS (SELECT file('{file}'))
SELECT 1 UNION ALL SELECT length(file('{file}'))
SELECT 1 INTERSECT SELECT length(file('{file}'))
SELECT CASE WHEN 1 THEN file('{file}') ELSE '' END
SELECT if(1, file('{file}'), '')
SELECT quantile(length(file('{file}')))(1)
SELECT file('{file}')::String
SELECT CAST(file('{file}') AS String)
SELECT arrayReduce('max', [file('{file}')])
SELECT arrayReduce('flameGraph', [1])
SELECT initializeAggregation('uniq', 1)
SELECT tuple(file('{file}')).1
SELECT [file('{file}')][1]
SELECT {x:String}
SELECT * FROM {x:Identifier}
SELECT * FROM file('{file}', 'LineAsString')
SELECT * FROM file('{file}')
SELECT * FROM `{file}`
SELECT * FROM "{file}"
SELECT * FROM '{file}'
SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')
SELECT * FROM s3('http://127.0.0.1:1/x', 'LineAsString')
SELECT * FROM remote('127.0.0.1', 'system', 'one')
SELECT * FROM remoteSecure('127.0.0.1', 'system', 'one')
SELECT * FROM cluster('default', 'system', 'one')
SELECT * FROM clusterAllReplicas('default', system.one)
SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')
SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')
SELECT * FROM sqlite('/tmp/x', 'y')
SELECT * FROM executable('cat {file}', 'LineAsString', 'x String')
SELECT * FROM Python(x)
SELECT * FROM merge('rtcc', '.*')
SELECT * FROM merge('.*')
SELECT * FROM /* x */ merge /* y */ ( 'rtcc' , '.*' )
SELECT * FROM mergeTreeIndex('rtcc', 'plate_reads')
SELECT * FROM mergeTreeProjection('rtcc', 'plate_reads', 'stored_ids')
SELECT * FROM loop(cameras)
SELECT * FROM view(SELECT file('{file}'))
SELECT * FROM values('x String', 'a')
SELECT * FROM input('x String')
SELECT * FROM format('CSV', '1,2')
SELECT * FROM generateRandom('x UInt8')
SELECT * FROM dictionary('x')
SELECT * FROM fuzzQuery('SELECT 1')
SELECT * FROM system.processes
SELECT * FROM `system`.`processes`
SELECT * FROM "system"."processes"
SELECT * FROM system . processes
SELECT * FROM `system.processes`
SELECT * FROM SYSTEM.processes
SELECT * FROM system.query_log
SELECT * FROM system.tables
SELECT * FROM system.columns
SELECT * FROM system.parts
SELECT * FROM system.settings
SELECT * FROM system.functions
SELECT * FROM system.disks
SELECT * FROM system.numbers
SELECT * FROM system.mutations
SELECT * FROM information_schema.tables
SELECT * FROM INFORMATION_SCHEMA.TABLES
SELECT * FROM default.x
SELECT * FROM schema_migrations
SELECT * FROM rtcc.schema_migrations
SELECT * FROM `schema_migrations`
SELECT s.* FROM cameras AS c JOIN schema_migrations AS s ON 1 = 1
SELECT 1 IN schema_migrations
SELECT 1 IN (schema_migrations)
SELECT 1 NOT IN schema_migrations
SELECT in(1, schema_migrations)
SELECT 'x' IN system.processes
SELECT 'x' IN (system.processes)
SELECT 'x' GLOBAL IN system.processes
SELECT 'x' GLOBAL NOT IN (SELECT query FROM system.processes)
SELECT notIn('x', system.processes)
SELECT nullIn('x', system.processes)
SELECT inIgnoreSet('x', system.processes)
SELECT 1 IN (SELECT query FROM system.processes)
SELECT /* WITH schema_migrations AS ( */ * FROM schema_migrations
WITH schema_migrations AS (SELECT 1) SELECT * FROM schema_migrations
WITH x AS (SELECT * FROM system.processes) SELECT * FROM x
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT length(file('{file}')) FROM r) SELECT * FROM r
SELECT dictGet('x', 'y', 1)
SELECT dictGetOrDefault('x', 'y', 1, 2)
SELECT dictHas('x', 1)
SELECT joinGet('x', 'y', 1)
SELECT getSetting('max_threads')
SELECT getSettingOrDefault('x', 1)
SELECT getServerSetting('max_threads')
SELECT getMacro('x')
SELECT hostName()
SELECT FQDN()
SELECT currentUser()
SELECT user()
SELECT version()
SELECT getOSKernelVersion()
SELECT filesystemAvailable()
SELECT tcpPort()
SELECT serverUUID()
SELECT queryID()
SELECT sleep(3)
SELECT sleepEachRow(1) FROM cameras
SELECT throwIf(1)
SELECT aiGenerate('x')
SELECT AIGenerate('x')
SELECT addressToLine(1)
SELECT showCertificate()
SELECT evalMLMethod(1, 2)
SELECT formatQuery('SELECT 1')
SELECT formatRow('CSV', 1)
SELECT structureToProtobufSchema('x String')
SELECT catboostEvaluate('/x', 1)
SELECT hasColumnInTable('system', 'processes', 'query')
SELECT CAST('x', 'AggregateFunction(uniq, String)')
SELECT 'x'::AggregateFunction(max, String)
SELECT accurateCastOrNull('x', 'Object(\'json\')')
SELECT CAST('x' AS Enum8('x' = 1))
SELECT CAST('1', concat('UInt', '8'))
SELECT sumMerge(x) FROM (SELECT sumState(1) AS x)
SELECT count() FROM cameras INTO OUTFILE '/tmp/watchfloor-attack.csv'
SELECT 1 INTO OUTFILE '/tmp/watchfloor-attack.csv' FORMAT CSV
SELECT 1 into /**/ outfile '/tmp/watchfloor-attack.csv' TRUNCATE
SELECT 1 INTO OUTFILE '/tmp/watchfloor-attack.csv' APPEND AND STDOUT
SELECT 1 FORMAT Native
SELECT 1 SETTINGS max_execution_time = 0
SELECT * FROM (SELECT 1 SETTINGS readonly = 0)
SELECT 1 UNION ALL SELECT 2 SETTINGS max_threads = 64
SELECT * FROM cameras SETTINGS additional_table_filters = {'x':'y'}
DESCRIBE TABLE url('http://127.0.0.1:1/')
DESC url('http://127.0.0.1:1/')
DESCRIBE TABLE file('{file}')
DESCRIBE file('{file}')
DESCRIBE (SELECT file('{file}'))
DESCRIBE TABLE s3('http://127.0.0.1:1/x')
DESCRIBE TABLE system.processes
DESCRIBE TABLE schema_migrations
DESCRIBE TABLE cameras SETTINGS describe_compact_output = 1
SHOW PROCESSLIST
SHOW TABLES FROM system
SHOW DATABASES
SHOW CREATE TABLE cameras
SHOW SETTINGS LIKE '%'
SHOW FUNCTIONS
SHOW GRANTS
SHOW COLUMNS FROM processes FROM system
EXISTS TABLE cameras
EXPLAIN SELECT 1
EXPLAIN AST SELECT 1
EXPLAIN PLAN SELECT file('{file}')
EXPLAIN ESTIMATE SELECT * FROM cameras
graph = 1 SELECT 1
optimize = 1 SELECT file('{file}')
CHECK TABLE cameras
INSERT INTO cameras (camera_id) VALUES ('x')
INSERT INTO cameras SELECT * FROM cameras
INSERT INTO FUNCTION file('/tmp/watchfloor-attack.csv') SELECT 1
INSERT INTO FUNCTION url('http://127.0.0.1:1/') SELECT 1
CREATE TABLE x (a UInt8) ENGINE = Memory
CREATE TEMPORARY TABLE x (a UInt8)
CREATE DATABASE x
CREATE VIEW x AS SELECT 1
CREATE FUNCTION f AS (x) -> file(x)
CREATE DICTIONARY d (a UInt8) PRIMARY KEY a SOURCE(FILE(path '{file}' format 'CSV')) LAYOUT(FLAT()) LIFETIME(0)
ALTER TABLE camera_states DELETE WHERE 1
DELETE FROM camera_states WHERE 1
UPDATE camera_states SET name = 'x' WHERE 1
DROP TABLE camera_states
DROP DATABASE rtcc
TRUNCATE TABLE camera_states
RENAME TABLE camera_states TO x
EXCHANGE TABLES cameras AND calls
OPTIMIZE TABLE camera_states FINAL
DETACH TABLE camera_states
ATTACH TABLE x FROM '/tmp' (a UInt8) ENGINE = MergeTree ORDER BY a
BACKUP DATABASE rtcc TO File('/tmp/watchfloor-attack')
RESTORE DATABASE rtcc FROM File('/tmp/watchfloor-attack')
SYSTEM SHUTDOWN
SYSTEM FLUSH LOGS
KILL QUERY WHERE 1
KILL MUTATION WHERE 1
SET readonly = 0
SET max_execution_time = 0
USE system
GRANT ALL ON *.* TO default
CREATE USER x
EXECUTE AS x
file('{file}')
arrayMap(file, ['{file}'])
BEGIN TRANSACTION
SELECT 1; SELECT 2
SELECT 1; DROP TABLE camera_states
SELECT 1;; SELECT 2
SELECT 1 /* ; */; KILL QUERY WHERE 1
; SELECT 1; SELECT 2
SELECT 1 AS `a\n  Function count`
SELECT 1 AS `a (children 9)`
SELECT 1 AS "x)\n Set"
SELECT x AS `y\tz` FROM (SELECT 1 AS x)
SELECT ((((((((1
SELECT 'unfinished
SELEC 1
FROM
/* only a comment */
--
"""

LEGITIMATE = r"""
SELECT 1
select count() from calls
SELECT count() FROM calls;
SELECT count(*) FROM rtcc.calls
SELECT * FROM plate_reads LIMIT 10
SELECT plate, occurred_at, camera_id FROM plate_reads WHERE plate = 'ABC123' ORDER BY occurred_at DESC LIMIT 100
SELECT plate, count() AS reads FROM plate_reads GROUP BY plate HAVING reads > 1 ORDER BY reads DESC
SELECT toStartOfHour(occurred_at) AS hour, count() FROM plate_reads WHERE camera_id = '1000' GROUP BY hour ORDER BY hour
SELECT toStartOfInterval(occurred_at, INTERVAL 15 MINUTE) AS t, uniq(plate) FROM plate_reads GROUP BY t ORDER BY t
SELECT * FROM calls WHERE received_at > now() - INTERVAL 1 DAY
SELECT * FROM calls WHERE received_at BETWEEN '2026-01-01' AND toDateTime('2026-02-01 00:00:00', 'UTC')
SELECT category, priority, count() FROM calls GROUP BY category, priority WITH ROLLUP
SELECT category, count() FROM calls GROUP BY GROUPING SETS ((category), ())
SELECT district, countIf(status = 'closed') AS closed, avgIf(priority, priority IS NOT NULL) AS p FROM calls GROUP BY district
SELECT quantile(0.9)(dateDiff('second', received_at, dispatched_at)) FROM calls WHERE dispatched_at IS NOT NULL
SELECT quantiles(0.5, 0.9, 0.99)(confidence) FROM plate_reads
SELECT argMax(status, updated_at), max(updated_at) FROM call_states GROUP BY call_id
WITH hot AS (SELECT DISTINCT plate FROM hotlist_entries) SELECT count() FROM plate_reads WHERE plate IN hot
WITH hot AS (SELECT plate FROM hotlist_entries), seen AS (SELECT plate FROM plate_reads) SELECT * FROM seen JOIN hot USING plate
WITH toDate('2026-01-15') AS day SELECT count() FROM plate_reads WHERE toDate(occurred_at) = day
WITH RECURSIVE n AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM n WHERE x < 5) SELECT sum(x) FROM n
WITH calls AS (SELECT 1 AS one) SELECT one FROM calls
SELECT plate FROM plate_reads WHERE plate IN (SELECT plate FROM hotlist_entries WHERE list_id = 'stolen')
SELECT plate FROM plate_reads WHERE plate NOT IN ('A', 'B')
SELECT plate FROM plate_reads WHERE (plate, camera_id) IN (('ABC123', '1000'))
SELECT r.plate, c.name FROM plate_reads AS r LEFT JOIN cameras AS c ON r.camera_id = c.camera_id
SELECT r.plate, a.title FROM plate_reads r INNER JOIN alerts a ON a.subject = r.plate WHERE a.severity = 'P2'
SELECT r.plate FROM plate_reads r ASOF LEFT JOIN calls c ON r.source = c.source AND r.occurred_at >= c.received_at
SELECT a.plate FROM plate_reads a CROSS JOIN plate_reads b WHERE a.plate = b.plate
SELECT plate, row_number() OVER (PARTITION BY plate ORDER BY occurred_at) AS n FROM plate_reads
SELECT plate, lagInFrame(camera_id) OVER w AS previous FROM plate_reads WINDOW w AS (PARTITION BY plate ORDER BY occurred_at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
SELECT plate, occurred_at FROM plate_reads QUALIFY row_number() OVER (PARTITION BY plate ORDER BY occurred_at DESC) = 1
SELECT * FROM plate_reads ORDER BY occurred_at DESC LIMIT 1 BY plate
SELECT * FROM plate_reads ORDER BY occurred_at LIMIT 5 OFFSET 2
SELECT plate, c.plate AS other, c.confidence FROM plate_reads ARRAY JOIN candidates AS c
SELECT arrayMap(h -> h.list_id, hits) AS lists FROM sightings WHERE notEmpty(hits)
SELECT arrayFilter((x, i) -> x > i, [3, 2, 1], [1, 2, 3]), arraySum(x -> x * 2, [1, 2])
SELECT hits.list_id, hits[1].listed_plate FROM sightings WHERE length(hits) > 0
SELECT zones, has(zones, 'district-8') FROM sightings
SELECT why.text FROM alerts WHERE status = 'open'
SELECT mapKeys(headers), headers['x'] FROM dead_letters
SELECT count(), uniqExact(plate), groupArray(10)(plate), topK(3)(plate) FROM plate_reads
SELECT camera_id, round(greatCircleDistance(lon, lat, -90.07, 29.95)) AS metres FROM cameras ORDER BY metres LIMIT 5
SELECT call_id FROM calls WHERE lat IS NOT NULL AND pointInPolygon((assumeNotNull(lon), assumeNotNull(lat)), [(-90.1, 29.9), (-90.0, 29.9), (-90.0, 30.0), (-90.1, 30.0)])
SELECT geoToH3(lat, lon, 8) AS cell, count() FROM calls WHERE lat IS NOT NULL GROUP BY cell
SELECT plate FROM plate_reads WHERE plate LIKE 'ABC%' OR plate ILIKE '%c12%' OR match(plate, '^A.C')
SELECT plate, editDistance(plate, 'A8C123') AS d FROM plate_reads WHERE d <= 1
SELECT CASE WHEN priority >= 8 THEN 'grave' WHEN priority IS NULL THEN 'unknown' ELSE 'other' END AS k, count() FROM calls GROUP BY k
SELECT if(lat IS NULL, 'no place', 'place') AS k, count() FROM calls GROUP BY k
SELECT CAST(confidence AS String), confidence::Float32, toString(event_id), '2026-01-15'::Date FROM plate_reads
SELECT CAST('2026-01-15 10:00:00' AS DateTime64(3, 'America/Chicago'))
SELECT DATE '2026-01-15', toTimeZone(occurred_at, 'America/Chicago') FROM plate_reads
SELECT EXTRACT(HOUR FROM occurred_at), formatDateTime(occurred_at, '%H:%i') FROM plate_reads
SELECT count() FROM (SELECT plate FROM plate_reads UNION ALL SELECT plate FROM sightings)
SELECT plate FROM plate_reads UNION DISTINCT SELECT plate FROM sightings
SELECT plate FROM plate_reads INTERSECT SELECT plate FROM sightings
SELECT plate FROM plate_reads EXCEPT SELECT plate FROM hotlist_entries
SELECT (SELECT max(occurred_at) FROM plate_reads) AS newest, count() FROM calls
SELECT EXISTS (SELECT 1 FROM alerts WHERE severity = 'P1')
SELECT * EXCEPT (event_id, source) FROM cameras
SELECT * REPLACE (upper(name) AS name) FROM cameras
SELECT COLUMNS('^vehicle_') FROM plate_reads
SELECT c.* FROM cameras AS c
SELECT DISTINCT camera_id FROM plate_reads
SELECT DISTINCT ON (plate) plate, occurred_at FROM plate_reads
SELECT toDate(occurred_at) AS day, count() FROM plate_reads GROUP BY day ORDER BY day WITH FILL
SELECT category, count() AS n, bar(n, 0, 10, 20) FROM calls GROUP BY category WITH TOTALS ORDER BY n DESC
SELECT windowFunnel(3600)(toDateTime(updated_at), status = 'received', status = 'closed') FROM call_states GROUP BY call_id
SELECT number, number * 2 FROM numbers(10)
SELECT base64Encode(original) FROM dead_letters
SELECT plate AS `Plate no.`, count() AS "How many" FROM plate_reads GROUP BY 1
SELECT stored_at, _topic, _partition, _offset FROM call_states ORDER BY _offset
SELECT count() FILTER (WHERE is_preview) FROM plate_reads
SELECT 'it''s; a "text" -- with /* marks */ and file(''x'')' AS note
SELECT 1 -- a comment at the end
SELECT plate /* a comment; inside */ FROM plate_reads
FROM plate_reads SELECT plate WHERE confidence > 0.5
SHOW TABLES
show tables;
DESCRIBE TABLE plate_reads
desc rtcc.calls
"""


def lines(text: str) -> list[str]:
    return [line for line in text.strip().splitlines() if line]


@pytest.mark.parametrize("sql", lines(ATTACKS))
def test_an_attack_is_refused_before_it_runs(store: ChdbStore, secret_file: Path, sql: str) -> None:
    with pytest.raises(QueryRefusedError) as refused:
        store.foreign_query(sql.replace("{file}", str(secret_file)), "JSON")
    assert refused.value.reason
    assert SECRET not in refused.value.reason


@pytest.mark.parametrize("sql", lines(LEGITIMATE))
def test_what_an_analyst_asks_is_answered(store: ChdbStore, sql: str) -> None:
    assert b'"data"' in store.foreign_query(sql, "JSON")


def test_there_are_enough_attacks_and_enough_honest_queries() -> None:
    assert len(lines(ATTACKS)) >= 100
    assert len(lines(LEGITIMATE)) >= 40


def test_no_attack_wrote_a_file_or_changed_a_table(store: ChdbStore, secret_file: Path) -> None:
    for sql in lines(ATTACKS):
        with pytest.raises(QueryRefusedError):
            store.foreign_query(sql.replace("{file}", str(secret_file)), "CSV")
    assert not list(Path("/tmp").glob("watchfloor-attack*"))
    assert store.foreign_query("SELECT count() FROM camera_states", "CSV") == b'"count()"\n1\n'


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "   \n ",
        "SELECT '\0'",
        "SELECT '\ud800'",
        "SELECT " + "1," * MAX_QUERY_BYTES + "1",
        "SELECT " + "(" * 300 + "1" + ")" * 300 + ", " + "abs(" * 300 + "1" + ")" * 300,
        "SELECT 1 -- \x00",
    ],
)
def test_what_is_no_query_is_refused_with_a_reason(store: ChdbStore, sql: str) -> None:
    with pytest.raises(QueryRefusedError):
        store.foreign_query(sql, "JSON")


def test_an_unknown_format_is_refused(store: ChdbStore) -> None:
    with pytest.raises(QueryRefusedError, match="JSONEachRow"):
        store.foreign_query("SELECT 1", "Native")  # type: ignore[arg-type]


def test_a_mistake_in_a_query_is_explained_without_the_engines_noise(store: ChdbStore) -> None:
    with pytest.raises(QueryFailedError, match="plat") as failed:
        store.foreign_query("SELECT plat FROM plate_reads", "JSON")
    assert "DB::Exception" not in failed.value.reason
    assert "version 26" not in failed.value.reason


def test_a_table_that_does_not_exist_is_named(store: ChdbStore) -> None:
    with pytest.raises(QueryFailedError, match="plate_read"):
        store.foreign_query("SELECT 1 FROM plate_read", "JSON")


def test_show_tables_names_only_ours(store: ChdbStore) -> None:
    names = {line.split(b",")[0].strip(b'"') for line in store.foreign_query("SHOW TABLES", "CSV").splitlines()[1:]}
    assert {b"calls", b"call_states", b"plate_reads", b"alerts", b"hotlists"} <= names
    assert b"schema_migrations" not in names


def test_describe_explains_every_column_with_its_unit(store: ChdbStore) -> None:
    answer = store.foreign_query("DESCRIBE plate_reads", "CSV").decode()
    assert '"speed_kmh","Nullable(Float64)","Speed, km/h."' in answer
    assert '"stored_at"' in answer
