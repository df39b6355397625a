"""Freshness: what age, invalidation, and a client's Cache-Control make of an entry."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_cache.freshness import (
    ANY,
    Controls,
    Decision,
    Held,
    controls,
    decide,
    lifetime_after_fetch,
    usable_while_failing,
)

STORED = 1_000_000.0


def held(**changes: object) -> Held:
    fields = {
        "stored_at": STORED, "lifetime": 60.0, "slack": 60.0, "grace": 3600.0, "current": True, "permitted": True,
        "has_validator": True,
    }  # fmt: skip
    return Held(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("age", "decision"),
    [
        (0, Decision.FRESH),
        (59.9, Decision.FRESH),
        (60, Decision.SERVE_STALE),
        (119.9, Decision.SERVE_STALE),
        (120, Decision.REVALIDATE),
        (99_999, Decision.REVALIDATE),
        (-30, Decision.FRESH),
    ],
)
def test_age_alone_decides_where_a_client_says_nothing(age: float, decision: Decision) -> None:
    assert decide(held(), STORED + age) is decision


def test_nothing_held_is_a_miss() -> None:
    assert decide(None, STORED) is Decision.MISS


def test_without_a_validator_there_is_nothing_to_revalidate_with() -> None:
    assert decide(held(has_validator=False), STORED + 500) is Decision.MISS


@pytest.mark.parametrize("changes", [{"current": False}, {"permitted": False}])
@pytest.mark.parametrize("age", [0, 70])
def test_after_an_invalidation_nothing_goes_out_unasked(changes: dict[str, bool], age: float) -> None:
    assert decide(held(**changes), STORED + age) is Decision.REVALIDATE


@pytest.mark.parametrize(
    ("client", "age", "decision"),
    [
        (Controls(no_cache=True), 1, Decision.REVALIDATE),
        (Controls(max_age=0), 1, Decision.REVALIDATE),
        (Controls(max_age=10), 9, Decision.FRESH),
        (Controls(max_age=10), 11, Decision.REVALIDATE),
        (Controls(max_age=100), 70, Decision.REVALIDATE),
        (Controls(min_fresh=30), 20, Decision.FRESH),
        (Controls(min_fresh=30), 40, Decision.REVALIDATE),
        (Controls(max_stale=math.inf), 1000, Decision.SERVE_STALE),
        (Controls(max_stale=math.inf), 60 + 3601, Decision.REVALIDATE),
        (Controls(max_stale=200), 250, Decision.SERVE_STALE),
        (Controls(max_stale=200), 270, Decision.REVALIDATE),
        (Controls(max_stale=5), 64, Decision.SERVE_STALE),
        (Controls(max_stale=5), 66, Decision.REVALIDATE),
        (Controls(max_stale=0), 61, Decision.REVALIDATE),
    ],
)
def test_a_clients_own_bounds(client: Controls, age: float, decision: Decision) -> None:
    assert decide(held(), STORED + age, client) is decision


@pytest.mark.parametrize(
    ("client", "changes", "age", "usable"),
    [
        (ANY, {}, 3600, True),
        (ANY, {}, 3661, False),
        (ANY, {"current": False}, 100, True),
        (ANY, {"permitted": False}, 1, False),
        (Controls(no_cache=True), {}, 1, False),
        (Controls(max_age=10), {}, 20, False),
        (Controls(max_age=10, max_stale=30), {}, 35, True),
        (Controls(max_stale=10), {}, 75, False),
        (Controls(min_fresh=1), {}, 1, False),
    ],
)
def test_what_may_go_out_while_github_fails(
    client: Controls, changes: dict[str, object], age: float, usable: bool
) -> None:
    assert usable_while_failing(held(**changes), STORED + age, client) is usable


def test_who_needs_githubs_confirmation_gets_neither_slack_nor_grace() -> None:
    own = held(lifetime=600.0).confirmed_within(60)
    assert decide(own, STORED + 59) is Decision.FRESH
    assert decide(own, STORED + 61) is Decision.REVALIDATE
    assert not usable_while_failing(own, STORED + 61)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", ANY),
        ("no-cache", Controls(no_cache=True)),
        ("No-Store , max-age=5", Controls(no_store=True, max_age=5)),
        ("max-stale", Controls(max_stale=math.inf)),
        ('max-stale="7", only-if-cached', Controls(max_stale=7, only_if_cached=True)),
        ("max-age=-1", ANY),
        ("max-age=oops, min-fresh=3", Controls(min_fresh=3)),
        ("max-age=99999999999999999999", ANY),
        (",,;=", ANY),
        ("x_no-store, max-age=1, max-age=9", Controls(max_age=1)),
    ],
)
def test_reading_cache_control(header: str, expected: Controls) -> None:
    assert controls(header) == expected


def test_pragma_counts_where_there_is_no_cache_control() -> None:
    assert controls("", "No-Cache").no_cache
    assert not controls("max-age=5", "no-cache").no_cache


@given(st.text(max_size=200))
def test_rubbish_never_raises(header: str) -> None:
    assert isinstance(controls(header), Controls)


@pytest.mark.parametrize(
    ("invalidated_at", "lifetime"), [(None, 300), (STORED - 1, 5), (STORED - 4.9, 5), (STORED - 5, 300)]
)
def test_what_is_fetched_right_after_an_invalidation_lives_shortly(
    invalidated_at: float | None, lifetime: float
) -> None:
    assert lifetime_after_fetch(300, STORED, invalidated_at) == lifetime


bounds = st.none() | st.floats(0, 1e6)


@given(
    st.booleans(),
    st.booleans(),
    st.floats(0, 1e5),
    st.builds(Controls, st.booleans(), st.booleans(), st.booleans(), bounds, bounds, bounds),
)
def test_what_was_invalidated_is_never_given_out_unasked(
    current: bool, permitted: bool, age: float, client: Controls
) -> None:
    entry = held(current=current, permitted=permitted)
    if decide(entry, STORED + age, client) in (Decision.FRESH, Decision.SERVE_STALE):
        assert current
        assert permitted
