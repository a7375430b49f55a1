"""The state of a plate is known however a list writes it, and a mistake is not taken for one."""

from __future__ import annotations

import pytest

from connectors.hotlist_csv.region import region_of


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("LA", "us-la"), ("la", "us-la"), ("us-la", "us-la"), ("US_LA", "us-la"), (" Louisiana ", "us-la"),
        ("CA", "us-ca"), ("New  York", "us-ny"), ("DC", "us-dc"), ("ON", "ca-on"), ("quebec", "ca-qc"),
        ("CA-ON", "ca-on"), ("MX", "mx"), ("Mexico", "mx"), ("mx-tam", "mx-tam"), ("GB-ENG", "gb-eng"),
        ("", None), ("XX", None), ("unk", None), ("Unknown", None),
    ],
)  # fmt: skip
def test_a_region_is_read(text: str, region: str | None) -> None:
    assert region_of(text) == region


@pytest.mark.parametrize("text", ["QQ", "Lousiana", "us-qq", "ca-la", "70117", "LA;TX", "l"])
def test_what_is_no_region_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a state"):
        region_of(text)
