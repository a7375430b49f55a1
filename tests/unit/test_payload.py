"""Reading JSON from strangers."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import Struct

from connectors.payload import decode, field_and_reason, split_parts
from connectors.translation import PayloadError


class Inner(Struct):
    plate: str
    score: float = 0.0


class Outer(Struct):
    results: list[Inner]


OUTER = msgspec.json.Decoder(Outer)


def refusal(body: bytes, prefix: str = "") -> tuple[str, str]:
    with pytest.raises(PayloadError) as caught:
        decode(OUTER, body, prefix)
    return caught.value.field, caught.value.error


def test_a_wrong_type_names_the_path_of_its_field() -> None:
    assert refusal(b'{"results":[{"plate":"A"},{"plate":7}]}') == ("results[1].plate", "expected str, got int")


def test_a_missing_field_is_named_itself_not_its_parent() -> None:
    assert refusal(b'{"results":[{}]}', "[3].data") == ("[3].data.results[0].plate", "is missing")


def test_a_number_out_of_range_names_its_field() -> None:
    assert refusal(b'{"results":[{"plate":"A","score":1e999}]}')[0] == "results[0].score"


def test_nan_names_the_key_it_stands_at() -> None:
    field, error = refusal(b'{"results":[{"plate":"SECRET1","score":NaN}]}')
    assert field == "score"
    assert "NaN" in error
    assert "SECRET1" not in error


@pytest.mark.parametrize(
    "body", [b'{"results":[{"plate":"\xff"}]}', b'{"results":[{"plate":"\\ud800"}]}', b"\xff", b'{"results":']
)
def test_text_that_is_not_utf_8_or_is_cut_off_is_told_without_its_content(body: bytes) -> None:
    field, error = refusal(body)
    assert field in ("body", "results")
    assert "\\x" not in error


def test_an_object_is_one_part_and_an_array_is_many() -> None:
    assert split_parts(b' {"a":1}\n') == ([msgspec.Raw(b'{"a":1}')], False)
    parts, is_batch = split_parts(b'[{"a":1}, 2]')
    assert [bytes(part) for part in parts] == [b'{"a":1}', b"2"]
    assert is_batch


def test_a_byte_order_mark_is_no_obstacle() -> None:
    parts, _ = split_parts(b'\xef\xbb\xbf{"a":1}')
    assert bytes(parts[0]) == b'{"a":1}'


@pytest.mark.parametrize(
    ("body", "word"), [(b"", "empty"), (b"  ", "empty"), (b"7", "object"), (b'"text"', "object"), (b"{]", "JSON")]
)
def test_a_body_that_is_no_object_or_array_is_refused(body: bytes, word: str) -> None:
    with pytest.raises(PayloadError) as caught:
        split_parts(body)
    assert caught.value.field == "body"
    assert word in caught.value.error


def test_too_many_parts_are_refused_with_the_number_allowed() -> None:
    with pytest.raises(PayloadError) as caught:
        split_parts(b"[1,2,3]", max_parts=2)
    assert "at most 2" in caught.value.error


def test_a_message_without_a_path_is_about_the_body() -> None:
    assert field_and_reason("Expected `object`, got `int`") == ("body", "expected object, got int")
