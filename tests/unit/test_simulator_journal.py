"""A journal that is being written is read line by line, each line once, and never half of one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from connectors.simulator.journal import Journal, JournalLine, JournalReader, read_journal

START = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


def line(reads: int) -> JournalLine:
    return JournalLine(start=START, accepted={"plate_read": reads})


def test_each_line_is_news_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    reader = JournalReader(path)
    assert reader.news() == []
    with Journal(path) as journal:
        journal.write(line(1))
        journal.write(line(2))
        assert reader.news() == [line(1), line(2)]
        assert reader.news() == []
        journal.write(line(3))
    assert reader.news() == [line(3)]
    assert read_journal(path) == [line(1), line(2), line(3)]


def test_a_line_that_is_being_written_waits_until_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.write(line(1))
    text = path.read_bytes()
    reader = JournalReader(path)
    path.write_bytes(text + text[:20])
    assert reader.news() == [line(1)]
    path.write_bytes(text + text)
    assert reader.news() == [line(1)]
