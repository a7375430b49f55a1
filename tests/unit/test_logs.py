"""Logs say of an error what it is and where, and nothing of its text, which may hold what events say."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from compose import logs
from pipeline.engine import _describe
from pipeline.guard import LineStoppedError
from schemas.faults import kind_and_place


@pytest.fixture(autouse=True)
def configured() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def failing() -> None:
    try:
        raise KeyError("ZEBRA77")
    except KeyError as error:
        raise ValueError("Ottoline") from error


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_error_is_told_by_kind_and_place_and_so_is_its_cause() -> None:
    with pytest.raises(ValueError, match="Ottoline") as caught:
        failing()
    text = kind_and_place(caught.value)
    assert text.startswith("ValueError at ")
    assert "because of KeyError at " in text
    assert text.count("test_logs.py:") == 2
    assert "ZEBRA77" not in text
    assert "Ottoline" not in text


def test_a_line_that_is_stopped_says_why_and_a_bug_does_not_quote_what_it_stumbled_over() -> None:
    assert _describe(LineStoppedError("2001 dead letters in a row")) == "LineStoppedError: 2001 dead letters in a row"
    assert _describe(ValueError("ZEBRA77")) == "ValueError"


@pytest.mark.parametrize("logger", ["ours", "a library's"])
def test_a_logged_exception_has_no_text(logger: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "test")
    try:
        failing()
    except ValueError:
        if logger == "ours":
            structlog.get_logger("dashboards.server.hub").exception("round failed")
        else:
            logging.getLogger("uvicorn.error").exception("round failed")
    (line,) = told(capsys)
    assert line["event"] == "round failed"
    assert line["exception"].startswith("ValueError at ")
    assert "ZEBRA77" not in str(line)
    assert "Ottoline" not in str(line)


def test_a_task_that_nobody_awaited_is_told_of_without_its_errors_text(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "test")

    async def lost() -> None:
        raise KeyError("ZEBRA77")

    async def run() -> None:
        logs.tell_of_lost_tasks(asyncio.get_running_loop())
        task = asyncio.create_task(lost())
        await asyncio.wait({task})
        del task
        gc.collect()

    asyncio.run(run())
    (line,) = told(capsys)
    assert line["why"] == "Task exception was never retrieved"
    assert line["error"].startswith("KeyError at ")
    assert "ZEBRA77" not in str(line)
