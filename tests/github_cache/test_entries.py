"""The stored form of an answer: what goes in comes out, and whatever else is there is Corrupt."""

import gzip
import json
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_cache.entries import COMPRESS_OVER, MAX_BODY, Corrupt, Entry, Validators, compressed, decode, encode

ENTRY = Entry(
    body=b'{"id":1}',
    status=200,
    headers=(("Content-Type", "application/json"), ("Link", '<https://x/?page=2>; rel="next"')),
    stored_at=1_700_000_000.5,
    lifetime=60,
    grace=86400,
    epochs=(("hubcache:t:epoch:{repo:1}:meta", "0-ab"),),
    validators=Validators('W/"abc"', None, "f" * 64),
    extra={"source": "rest", "full_page": True},
)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    body=st.binary(max_size=3_000),
    headers=st.lists(st.tuples(text, text), max_size=4).map(tuple),
    lifetime=st.floats(0, 1e9),
    validators=st.none() | st.builds(Validators, st.none() | text, st.none() | text, text),
    extra=st.dictionaries(text, st.none() | st.booleans() | text, max_size=3),
)
def test_what_is_encoded_is_decoded(body, headers, lifetime, validators, extra) -> None:
    entry = replace(ENTRY, body=body, headers=headers, lifetime=lifetime, validators=validators, extra=extra)
    assert replace(decode(encode(entry)), gzipped=None) == entry


@pytest.mark.parametrize("size", [0, 500, 5_000, COMPRESS_OVER, COMPRESS_OVER + 1, 500_000])
def test_bodies_of_any_size_come_back(size: int) -> None:
    body = (b"0123456789" * (size // 10 + 1))[:size]
    found = decode(encode(replace(ENTRY, body=body)))
    assert isinstance(found, Entry)
    assert found.body == body
    assert found.gzipped is None or gzip.decompress(found.gzipped) == body


def test_a_body_over_the_threshold_is_kept_compressed_only() -> None:
    body = b"repetition " * 10_000
    assert len(encode(replace(ENTRY, body=body))) < len(body) / 10


def test_a_body_that_does_not_shrink_is_kept_as_it_is() -> None:
    noise = random.Random(1).randbytes(40_000)
    found = decode(encode(replace(ENTRY, body=noise)))
    assert isinstance(found, Entry)
    assert found.body == noise
    assert compressed(noise) is None


def test_what_was_compressed_by_the_caller_is_kept_as_given() -> None:
    packed = gzip.compress(ENTRY.body, mtime=0)
    found = decode(encode(replace(ENTRY, gzipped=packed)))
    assert isinstance(found, Entry)
    assert found.gzipped == packed


@given(st.binary(max_size=200))
def test_rubbish_is_corrupt(data: bytes) -> None:
    assert isinstance(decode(data), Corrupt)


@given(st.data())
def test_a_cut_off_entry_is_corrupt(data: st.DataObject) -> None:
    whole = encode(replace(ENTRY, body=b"x" * 2_000))
    assert isinstance(decode(whole[: data.draw(st.integers(0, len(whole) - 1))]), Corrupt)


def test_a_damaged_compressed_body_is_corrupt() -> None:
    whole = bytearray(encode(replace(ENTRY, body=b"repetition " * 10_000)))
    whole[-40] ^= 0xFF
    assert isinstance(decode(bytes(whole)), Corrupt)


def altered(**changes: object) -> bytes:
    line, _, payload = encode(ENTRY).partition(b"\n")
    return json.dumps({**json.loads(line), **changes}).encode() + b"\n" + payload


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": None},
        {"status": "200"},
        {"headers": [["a"]]},
        {"headers": [["a", 1]]},
        {"headers": 5},
        {"epochs": None},
        {"stored_at": "now"},
        {"validators": ["a"]},
        {"validators": [1, 2, 3]},
        {"extra": []},
        {"size": 10**12},
        {"plain": -1},
        {"gzip": "many"},
    ],
)
def test_another_version_or_type_is_corrupt(changes: dict[str, object]) -> None:
    assert isinstance(decode(altered()), Entry)
    assert isinstance(decode(altered(**changes)), Corrupt)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    head = json.loads(encode(ENTRY).partition(b"\n")[0])
    head |= {"size": 100, "plain": 0, "gzip": len(bomb)}
    assert isinstance(decode(json.dumps(head).encode() + b"\n" + bomb), Corrupt)


def test_what_cannot_be_kept_is_told() -> None:
    with pytest.raises(ValueError, match="body: "):
        encode(replace(ENTRY, body=bytes(MAX_BODY + 1)))
    with pytest.raises(ValueError, match="extra: "):
        encode(replace(ENTRY, extra={"x": object()}))
