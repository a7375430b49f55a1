"""Small tables of calls in the layouts of the two agencies, made up for the tests."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from connectors.calls_csv.column_map import load_map
from connectors.calls_csv.reading import CallRow, ReadCall, read_calls
from connectors.translation import Context

FIXTURES = Path(__file__).parents[1] / "contract" / "fixtures" / "calls_csv"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "calls"
NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)

NOPD_HEADER = (
    "nopd_item,type,typetext,priority,initialtype,initialtypetext,initialpriority,mapx,mapy,timecreate,timedispatch,"
    "timearrive,timeclosed,disposition,dispositiontext,selfinitiated,beat,block_address,zip,policedistrict,location"
)
NOPD_ROWS = (
    (
        "A0000122,64G,ARMED ROBBERY WITH GUN,2C,64G,ARMED ROBBERY WITH GUN,2C,1,1,01/16/2022 06:52:07 PM,"
        "01/16/2022 06:54:56 PM,01/16/2022 07:08:38 PM,01/16/2022 08:38:51 PM,RTF,REPORT TO FOLLOW,N,5G01,"
        "018XX Blk Example St,70117,5,POINT (-90.05387698 29.97636323)"
    ),
    (
        "A0000222,37,AGGRAVATED ASSAULT,1A,21,COMPLAINT OTHER,1J,0,0,01/16/2022 07:00:00 PM,,,01/16/2022 07:10:00 PM,"
        "DUP,DUPLICATE,N,None,001XX Example Blvd,None,0,POINT (0 0)"
    ),
)
MILWAUKEE = (
    "id,time,location,latitude,longitude,district,nature,status\n"
    '1,2018-05-01 00:10:28,"1 N EXAMPLE ST,MKE",43.1127987,-87.95674149999999,4,TRBL W/SUBJ,Advised\n'
    '2,2018-05-01 00:09:30,"2 N EXAMPLE ST,MKE",,,5,BATTERY DV,Service in Progress\n'
    '3,2018-05-01 00:11:00,"3 S EXAMPLE ST,GFD",24.7957931,67.0514176,6,SHOTS FIRED,Something New\n'
)


def nopd(*rows: str) -> str:
    return "\n".join((NOPD_HEADER, *(rows or NOPD_ROWS))) + "\n"


def context(instance: str) -> Context:
    return Context(connector="calls_csv", instance=instance, observed_at=NOW, jurisdiction="test")


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "calls.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(path: Path, name: str) -> list[CallRow]:
    return list(read_calls(path, load_map(name), context=context(name)))


def calls(rows: list[CallRow]) -> list[ReadCall]:
    assert all(isinstance(row, ReadCall) for row in rows), rows
    return [row for row in rows if isinstance(row, ReadCall)]
