"""How an answer says where it came from, and when it need not be sent at all."""

import pytest

from github_cache.serving import Outcome, Served, not_modified

MODIFIED = (("Last-Modified", "Sat, 21 Nov 2026 01:00:00 GMT"),)


def served(outcome: Outcome = Outcome.HIT, **fields) -> Served:
    return Served(
        **({"status": 200, "headers": MODIFIED, "body": b"{}", "outcome": outcome, "etag": 'W/"abc"'} | fields)
    )


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.HIT, "hubcache; hit; ttl=50"),
        (Outcome.STALE, "hubcache; hit; ttl=50"),
        (Outcome.MISS, "hubcache; fwd=miss; ttl=50"),
        (Outcome.REVALIDATED, "hubcache; fwd=stale; fwd-status=304; ttl=50"),
        (Outcome.COALESCED, "hubcache; fwd=miss; collapsed; ttl=50"),
        (Outcome.BYPASS, "hubcache; fwd=bypass; ttl=50"),
    ],
)
def test_cache_status(outcome: Outcome, status: str) -> None:
    headers = served(outcome, age=10.0, ttl=60.0).cache_headers()
    assert headers["Cache-Status"] == status
    assert headers["X-Cache"] == outcome.value
    assert headers["Age"] == "10"
    assert ("Warning" in headers) is (outcome is Outcome.STALE)


@pytest.mark.parametrize(
    ("if_none_match", "since", "unchanged"),
    [
        ('W/"abc"', "", True),
        ('"abc"', "", True),
        ('"x", W/"abc"', "", True),
        ("*", "", True),
        ('"x"', "", False),
        ("abc", "", False),
        ('"x"', "Sat, 21 Nov 2026 02:00:00 GMT", False),
        ("", "Sat, 21 Nov 2026 01:00:00 GMT", True),
        ("", "Sat, 21 Nov 2026 00:59:59 GMT", False),
        ("", "yesterday", False),
        ("", "", False),
    ],
)
def test_conditions(if_none_match: str, since: str, unchanged: bool) -> None:
    assert not_modified(served(), if_none_match, since) is unchanged


def test_errors_are_sent_whatever_the_condition() -> None:
    assert not not_modified(served(status=404), "*", "")


def test_no_tag_matches_none() -> None:
    assert not not_modified(served(etag=None), '""', "")
