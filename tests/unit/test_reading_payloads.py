"""XML, charsets, members and regions: what all readers' connectors stand on."""

from __future__ import annotations

import pytest

from connectors.charset import decoded
from connectors.members import Members
from connectors.multipart import parts_of
from connectors.plate_origin import origin
from connectors.translation import PayloadError
from connectors.xml_text import as_object, tree


def test_elements_become_objects_by_their_local_names() -> None:
    body = b'<a:r xmlns:a="urn:x" n="1"><a:b>1</a:b><a:b>2</a:b><c><d/></c></a:r>'
    assert as_object(tree(body)) == {"@n": "1", "b": ["1", "2"], "c": {"d": ""}}


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("<r>京</r>".encode(), ""),
        ("\ufeff<r>京</r>".encode(), ""),
        ('<?xml version="1.0" encoding="GB2312"?><r>京</r>'.encode("gbk"), ""),
        ("<r>京</r>".encode("gbk"), "gbk"),
        ("<r>京</r>".encode("utf-16"), ""),
        ('<?xml version="1.0" encoding="UTF-16"?><r>京</r>'.encode("utf-16"), ""),
    ],
)
def test_xml_is_read_in_the_charset_that_it_names(body: bytes, charset: str) -> None:
    assert tree(body, charset).text == "京"


def test_a_name_with_a_bare_ampersand_costs_no_read_and_an_entity_is_refused() -> None:
    assert as_object(tree(b"<r><name>Gate A & B</name><more>&amp;&#65;&lt;</more></r>")) == {
        "name": "Gate A & B",
        "more": "&A<",
    }
    with pytest.raises(PayloadError):
        tree(b"<r>&other;</r>")


def test_the_text_of_an_element_is_kept_as_it_stands() -> None:
    assert as_object(tree(b"<r><plate> ABC 123 </plate></r>")) == {"plate": " ABC 123 "}


@pytest.mark.parametrize(
    "body", [b"", b"<r>", b"<r></s>", b"text", b"<r>&x;</r>", b"<a>" * 100 + b"</a>" * 100, b"<!DOCTYPE r><r/>"]
)
def test_what_is_no_plain_xml_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadError):
        tree(body)


@pytest.mark.parametrize(("body", "charset"), [(b"\xff", "utf-8"), (b"x", "no-such-charset"), (b"\xff", "")])
def test_text_in_another_charset_than_it_names_is_refused(body: bytes, charset: str) -> None:
    with pytest.raises(PayloadError):
        decoded(body, charset)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1),
        ("1.5", 1.5),
        (" 2 ", 2),
        ("0,95", 0.95),
        ("", None),
        ("x", None),
        (True, None),
        ("nan", None),
        (1e400, None),
    ],
)
def test_a_number_is_one_as_number_or_text(value: object, number: float | None) -> None:
    assert Members({"n": value}).number("n") == number


def test_members_are_found_in_any_case_and_the_exact_name_first() -> None:
    members = Members({"PLATE": "A", "plate": "B"})
    assert (members.text("plate"), members.text("Plate")) in {("B", "A"), ("B", "B")}
    assert Members({"LicensePlate": "A"}).text("licensePlate") == "A"


@pytest.mark.parametrize(
    ("values", "error"),
    [({}, "is missing"), ({"p": None}, "is missing"), ({"p": " "}, "is empty"), ({"p": {}}, "expected a text"),
     ({"p": "x" * 300}, "is longer than 200 characters")],
)  # fmt: skip
def test_a_needed_text_that_is_none_is_refused_with_its_path(values: dict[str, object], error: str) -> None:
    with pytest.raises(PayloadError) as caught:
        Members(values, "a[0]").needed_text("p")
    assert (caught.value.field, caught.value.error) == ("a[0].p", error)


@pytest.mark.parametrize(
    ("land", "part", "region"),
    [
        ("USA", "LA", "us-la"),
        ("us", "Louisiana", "us-la"),
        (None, "louisiana", "us-la"),
        (None, "washington_dc", "us-dc"),
        ("POL", None, "pl"),
        ("pl", None, "pl"),
        ("DEU", "BY", "de-by"),
        ("CAN", "ON", "ca-on"),
        ("USA", "ON", "us"),
        ("USA", "???", "us"),
        ("NON", None, None),
        (None, "atlantis", None),
        ("", "", None),
    ],
)
def test_where_a_plate_is_from_is_told_or_left_out_and_never_guessed(
    land: str | None, part: str | None, region: str | None
) -> None:
    assert origin(land, part) == region


def test_a_boundary_that_the_header_writes_with_its_dashes_is_understood() -> None:
    body = b"--myboundary\r\nContent-Type: text/plain\r\n\r\nx\r\n--myboundary--\r\n"
    assert [part.body for part in parts_of(body, b"--myboundary", 5)] == [b"x"]


def test_more_parts_than_allowed_are_refused() -> None:
    body = b"--b\r\n\r\nx\r\n" * 6 + b"--b--\r\n"
    with pytest.raises(PayloadError, match="more than 5 parts"):
        parts_of(body, b"b", 5)
