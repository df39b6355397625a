"""ETags: made per token from headers and body, compared weakly."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_sandbox.etags import body_etag, is_unchanged


def test_the_etag_is_sha256_over_the_varying_headers_and_the_body() -> None:
    expected = hashlib.sha256(b'application/json:token t:{"a":1}').hexdigest()
    headers = {"accept": "application/json", "authorization": "token t", "user-agent": "x"}
    assert body_etag(headers, b'{"a":1}') == expected


@given(st.text(min_size=1), st.text(min_size=1), st.binary())
def test_another_token_has_another_etag(one: str, other: str, body: bytes) -> None:
    first = body_etag({"authorization": one}, body)
    assert (first == body_etag({"authorization": other}, body)) == (one == other)


@pytest.mark.parametrize("sent", ['"abc"', 'W/"abc"', '"x", W/"abc"', "*"])
def test_if_none_match_is_compared_weakly(sent: str) -> None:
    assert is_unchanged({"if-none-match": sent}, "abc", None)


@pytest.mark.parametrize("sent", ['"abd"', "", 'W/"ab"'])
def test_another_tag_does_not_match(sent: str) -> None:
    assert not is_unchanged({"if-none-match": sent}, "abc", None)


def test_if_none_match_wins_over_if_modified_since() -> None:
    headers = {"if-none-match": '"old"', "if-modified-since": "Sat, 21 Nov 2026 02:00:00 GMT"}
    assert not is_unchanged(headers, "new", 0.0)


def test_if_modified_since_alone_counts_whole_seconds() -> None:
    headers = {"if-modified-since": "Thu, 01 Jan 1970 00:01:00 GMT"}
    assert is_unchanged(headers, "x", 60.9)
    assert not is_unchanged(headers, "x", 61.0)
    assert not is_unchanged({"if-modified-since": "yesterday"}, "x", 0.0)
