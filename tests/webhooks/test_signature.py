"""Which signatures fit, and that none makes the check fail otherwise."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks import signature
from webhooks.signature import Candidate, Secrets, fitting, read, sign

SECRET, BODY = "It's a Secret to Everybody", b"Hello, World!"
PUBLISHED = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_the_published_vector() -> None:
    assert sign(SECRET, BODY) == PUBLISHED
    digest = read(PUBLISHED)
    assert digest is not None
    assert fitting([Candidate("ours", (SECRET,))], BODY, digest) == "ours"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        PUBLISHED[7:],
        PUBLISHED.upper(),
        PUBLISHED + "0",
        PUBLISHED[:-1],
        PUBLISHED + "\n",
        f"{PUBLISHED}, {PUBLISHED}",
        "sha1=" + hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest(),
        "sha256=" + "é" * 64,
        "sha256=" + "٣" * 64,
        "sha256=\udcff" + "0" * 63,
    ],
)
def test_a_malformed_header_is_no_signature(header: str | None) -> None:
    assert read(header) is None


@given(st.text())
def test_no_text_makes_reading_fail(header: str) -> None:
    digest = read(header)
    assert digest is None or len(digest) == 32


@given(body=st.binary(max_size=200), position=st.integers(0, 10_000), bit=st.integers(0, 7), secret=st.text(min_size=1))
def test_one_bit_off_does_not_fit(body: bytes, position: int, bit: int, secret: str) -> None:
    digest = read(sign(secret, body))
    assert digest is not None
    changed = bytearray(body or b"x")
    changed[position % len(changed)] ^= 1 << bit
    assert fitting([Candidate("ours", (secret,))], body, digest) == "ours"
    assert fitting([Candidate("ours", (secret,))], bytes(changed), digest) is None


def test_the_secret_that_fits_decides_whose_it_is() -> None:
    digest = read(sign("second", BODY))
    assert digest is not None
    candidates = [Candidate("a", ("first",)), Candidate("b", ("old", "second")), Candidate("c", ("second",))]
    assert fitting(candidates, BODY, digest) == "b"
    assert fitting(candidates[:1], BODY, digest) is None
    assert fitting([], BODY, digest) is None


def test_large_bodies_are_hashed_few_times() -> None:
    body = bytes(25 * 1024 * 1024)
    digest = read(sign("right", body))
    assert digest is not None
    assert fitting([Candidate("a", ("wrong",)), Candidate("b", ("right",))], body, digest) == "b"
    assert fitting([Candidate("a", ("wrong", "wrong")), Candidate("b", ("right",))], body, digest) is None
    assert 3 * len(body) > signature.HASHED_AT_MOST


def test_both_secrets_are_good_while_one_is_rotated() -> None:
    rotated = Secrets("new", "old", NOW + timedelta(hours=24))
    assert rotated.good_at(NOW) == ("new", "old")
    assert rotated.good_at(NOW + timedelta(hours=24)) == ("new",)
    assert Secrets("new").good_at(NOW) == ("new",)
    assert Secrets("").good_at(NOW) == ()


def test_secrets_stand_in_no_repr() -> None:
    assert "hush" not in repr(Secrets("hush", "hush", NOW)) + repr(Candidate(1, ("hush",)))
