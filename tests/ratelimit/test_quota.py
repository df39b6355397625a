"""Readings of a quota: what is believed, and which of two is kept."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratelimit.quota import Quota, from_graphql, from_headers, http_date, merge

NOW = 1_790_000_000.0
HEADERS = {
    "X-RateLimit-Limit": "5000",
    "X-RateLimit-Remaining": "4990",
    "X-RateLimit-Used": "10",
    "X-RateLimit-Reset": "1790003600",
    "X-RateLimit-Resource": "search",
}


@pytest.mark.parametrize("spell", [str, str.lower, str.upper])
def test_headers_are_read_whatever_their_case(spell) -> None:
    quota = from_headers({spell(name): value for name, value in HEADERS.items()})
    assert quota == Quota("search", 5000, 4990, 10, 1790003600.0)


@pytest.mark.parametrize("name", ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"])
@pytest.mark.parametrize("rubbish", ["", "many", "-1", "1.5", "1e3", "1_000", "٣", "9" * 5000, "nan", " "])
def test_rubbish_numbers_are_no_reading(name: str, rubbish: str) -> None:
    assert from_headers({**HEADERS, name: rubbish}) is None
    assert from_headers({key: value for key, value in HEADERS.items() if key != name}) is None


@pytest.mark.parametrize("resource", ["", "x" * 41, "a b", "core\r\nX: y", "{core}"])
def test_a_bucket_that_cannot_be_one_is_the_default(resource: str) -> None:
    assert from_headers({**HEADERS, "X-RateLimit-Resource": resource}, "graphql").bucket == "graphql"


def test_used_may_be_missing_and_may_pass_the_limit() -> None:
    assert from_headers({**HEADERS, "X-RateLimit-Used": "?"}).used == 10
    assert from_headers({**HEADERS, "X-RateLimit-Remaining": "0", "X-RateLimit-Used": "5003"}).used == 5003


@given(st.dictionaries(st.sampled_from([*HEADERS, "Date"]), st.text()))
def test_no_header_whatever_it_holds_raises(headers: dict[str, str]) -> None:
    from_headers(headers, now=NOW)


@pytest.mark.parametrize(
    ("ahead", "expected"), [(0, 1790003600), (4, 1790003600), (7200, 1790010800), (-90, 1790003510)]
)
def test_the_reset_is_moved_into_a_wrong_local_clock(ahead: int, expected: int) -> None:
    date = format_datetime(datetime.fromtimestamp(NOW, UTC), usegmt=True)
    assert from_headers({**HEADERS, "date": date}, now=NOW + ahead).reset == expected


@pytest.mark.parametrize("reset", [NOW + 7 * 86_400, NOW - 7 * 86_400, 1])
def test_a_reset_further_away_than_any_window_is_no_reading(reset: float) -> None:
    assert from_headers({**HEADERS, "X-RateLimit-Reset": f"{reset:.0f}"}, now=NOW) is None


def test_a_graphql_rate_limit_is_read() -> None:
    read = from_graphql({"limit": 5000, "remaining": 4999, "used": 1, "resetAt": "2026-09-21T14:13:20Z", "cost": 1})
    assert read == Quota("graphql", 5000, 4999, 1, datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC).timestamp())
    assert from_graphql({"limit": 60, "remaining": 0, "reset": 1790003600}, "core") == Quota(
        "core", 60, 0, 60, 1790003600.0
    )


@pytest.mark.parametrize("field", ["limit", "remaining", "resetAt"])
@pytest.mark.parametrize("rubbish", [None, True, -1, "x", 1.5, [], {}])
def test_graphql_rubbish_is_no_reading(field: str, rubbish: object) -> None:
    good = {"limit": 5000, "remaining": 4999, "used": 1, "resetAt": "2026-09-21T14:13:20Z"}
    assert from_graphql({**good, field: rubbish}) is None


def test_the_newer_window_wins_whichever_comes_first() -> None:
    old, new = Quota("core", 5000, 3, 4997, NOW + 10), Quota("core", 5000, 4999, 1, NOW + 3610)
    assert merge(old, new) == merge(new, old) == merge(None, new) == new


quotas = st.builds(
    Quota,
    bucket=st.just("core"),
    limit=st.just(5000),
    remaining=st.integers(0, 5000),
    used=st.integers(0, 6000),
    reset=st.sampled_from([NOW, NOW + 1, NOW + 2, NOW + 3600, NOW + 3601]),
)


@given(quotas, quotas)
def test_within_a_window_the_smallest_remaining_wins_in_any_order(one: Quota, other: Quota) -> None:
    kept = merge(one, other)
    assert (kept.remaining, kept.used) == (merge(other, one).remaining, merge(other, one).used)
    if abs(one.reset - other.reset) < 30:
        assert kept.remaining == min(one.remaining, other.remaining)
        assert kept.used == max(one.used, other.used)


@pytest.mark.parametrize(
    ("reset", "believed"), [(7 * 86400, False), (7200, True), (1, True), (-2, False), (-0.5, True)]
)
def test_a_reset_is_believed_only_where_one_can_lie(reset: float, believed: bool) -> None:
    assert Quota("core", 1, 1, 0, NOW + reset).believable(NOW) is believed


@pytest.mark.parametrize(
    "text", [None, "", "yesterday", "Mon, 99 Foo 2026 00:00:00 GMT", "Fri, 31 Dec 999999 0:0:0 GMT", "12"]
)
def test_what_is_no_http_date_is_none(text: str | None) -> None:
    assert http_date(text) is None
