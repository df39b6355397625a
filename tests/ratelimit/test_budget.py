"""Which lane may spend what."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratelimit.budget import Allowed, Lane, Refused, Reserves, may_spend
from ratelimit.quota import Quota
from ratelimit.verdict import Why

NOW = 1_790_000_000.0
FULL = Quota("core", 5000, 5000, 0, NOW + 3600)
RESERVES = Reserves()


def left(remaining: int) -> Quota:
    return replace(FULL, remaining=remaining, used=5000 - remaining)


@pytest.mark.parametrize(("lane", "last"), [(Lane.INTERACTIVE, 1), (Lane.WEBHOOK, 501), (Lane.WARM, 1501)])
def test_each_lane_ends_at_its_reserve(lane: Lane, last: int) -> None:
    assert isinstance(may_spend(lane, 1, left(last), NOW, RESERVES), Allowed)
    refused = may_spend(lane, 1, left(last - 1), NOW, RESERVES)
    assert refused == Refused(3601.0, Why.EXHAUSTED if lane is Lane.INTERACTIVE else Why.RESERVED)


def test_reserves_round_up_in_favour_of_the_lanes_above() -> None:
    assert [RESERVES.kept_from(Lane.WARM, limit) for limit in (1, 10, 30, 60)] == [1, 3, 9, 18]


@given(st.sampled_from(Lane), st.integers(0, 600), st.integers(0, 5000), st.integers(0, 200), st.floats(-4000, 4000))
def test_nobody_spends_into_a_reserve_and_refusals_name_a_wait(
    lane: Lane, cost: int, remaining: int, held: int, offset: float
) -> None:
    quota, now = left(remaining), NOW + offset
    answer = may_spend(lane, cost, quota, now, RESERVES, held=held)
    if isinstance(answer, Refused):
        assert answer.seconds > 0
    elif cost:
        there = 5000 if quota.window_over(now) else remaining
        assert there - held - cost >= RESERVES.kept_from(lane, 5000)


def test_a_window_that_is_over_counts_as_full_and_has_no_pace() -> None:
    assert may_spend(Lane.WARM, 1, replace(left(0), reset=NOW - 1), NOW, RESERVES) == Allowed(0.0)


def test_the_interactive_lane_can_use_up_everything_at_once() -> None:
    clock, quota = 0.0, FULL
    for remaining in range(5000, 0, -1):
        answer = may_spend(Lane.INTERACTIVE, 1, replace(quota, remaining=remaining), NOW, RESERVES, lane_clock=clock)
        clock = answer.lane_clock


@pytest.mark.parametrize(("lane", "usable"), [(Lane.WARM, 3500), (Lane.WEBHOOK, 4500)])
def test_a_paced_lane_spends_what_it_may_evenly_and_ends_with_the_window(lane: Lane, usable: int) -> None:
    clock, spent, now, halfway = 0.0, 0, NOW, 0
    while now < FULL.reset:
        answer = may_spend(lane, 1, left(5000 - spent), now, RESERVES, lane_clock=clock)
        if isinstance(answer, Allowed):
            clock, spent = answer.lane_clock, spent + 1
        else:
            now += max(answer.seconds, 0.05)
        if now <= NOW + 1800:
            halfway = spent
    assert usable * 0.99 <= spent <= usable
    assert usable * 0.49 <= halfway <= usable * 0.6


def test_one_expensive_call_is_not_held_up_by_its_own_price() -> None:
    answer = may_spend(Lane.WARM, 500, FULL, NOW, RESERVES)
    assert isinstance(answer, Allowed)
    assert may_spend(Lane.WARM, 1, FULL, NOW, RESERVES, lane_clock=answer.lane_clock).why is Why.PACE


@pytest.mark.parametrize("lane", Lane)
def test_what_is_free_passes_whatever_is_left(lane: Lane) -> None:
    assert may_spend(lane, 0, left(0), NOW, RESERVES, held=3, lane_clock=7.0) == Allowed(7.0)
