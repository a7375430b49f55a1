"""Encryption and signatures of Web Push, by the examples of the RFCs and by a receiver of our own."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from compose.notify.web_push.encryption import CURVE, LENGTH, b64, encrypted, public_key, raw_public, unb64
from compose.notify.web_push.vapid import EARLY_S, GOOD_S, Vapid, new_key, public_text
from tests.unit.push_facts import Browser

# RFC 8291 §5 and appendix A.
SAID = b"When I grow up, I want to be a watermelon"
UA_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
UA_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
AS_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
AS_PUBLIC = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
    "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(unb64(text)), CURVE)


def test_the_example_of_the_rfc_comes_out_byte_by_byte() -> None:
    own = private(AS_PRIVATE)
    assert b64(raw_public(own)) == AS_PUBLIC
    body = encrypted(SAID, unb64(UA_PUBLIC), unb64(AUTH), length=len(SAID), own=own, salt=unb64(SALT))
    assert b64(body) == BODY
    assert Browser(private(UA_PRIVATE), unb64(AUTH)).read(unb64(BODY)) == SAID


def test_a_browser_reads_what_was_encrypted_for_it_and_no_other_does() -> None:
    browser, other = Browser(), Browser()
    body = encrypted(b"something", browser.public, browser.auth)
    assert browser.read(body) == b"something"
    with pytest.raises(InvalidTag):
        other.read(body)


def test_messages_are_of_one_length_and_never_the_same() -> None:
    browser = Browser()
    bodies = [encrypted(text, browser.public, browser.auth) for text in (b"", b"P1", b"P1", bytes(LENGTH))]
    assert len({len(one) for one in bodies}) == 1
    assert len(set(bodies)) == 4
    with pytest.raises(ValueError, match="at most"):
        encrypted(bytes(LENGTH + 1), browser.public, browser.auth)


@pytest.mark.parametrize("raw", [b"", bytes(65), b"\4" + bytes(64), b"\4" + b"\xff" * 64, bytes(33)])
def test_what_is_no_point_of_the_curve_is_no_key(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"P-256|Invalid|invalid|curve"):
        public_key(raw)


def test_a_push_service_can_check_who_sends() -> None:
    pem = new_key()
    vapid = Vapid(pem, "mailto:watch@city.example")
    header = vapid.header("https://push.example", 1_000_000)
    kind, _, rest = header.partition(" ")
    token, _, key = rest.removeprefix("t=").partition(", k=")
    assert (kind, key) == ("vapid", public_text(pem))
    x, y = unb64(key)[1:33], unb64(key)[33:]
    told = jwt.decode(token, ECKey.import_key({"kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y)}))
    assert told.header == {"typ": "JWT", "alg": "ES256"}
    assert told.claims == {
        "aud": "https://push.example", "exp": 1_000_000 + GOOD_S, "sub": "mailto:watch@city.example",
    }  # fmt: skip
    assert GOOD_S <= 86_400, "RFC 8292 §2"


def test_a_token_serves_for_hours_and_for_one_push_service_only() -> None:
    vapid = Vapid(new_key(), "https://city.example")
    first = vapid.header("https://push.example", 1_000_000)
    assert vapid.header("https://push.example", 1_000_000 + GOOD_S - EARLY_S - 1) == first
    assert vapid.header("https://push.example", 1_000_000 + GOOD_S - EARLY_S + 1) != first
    assert vapid.header("https://other.example", 1_000_000) != first
