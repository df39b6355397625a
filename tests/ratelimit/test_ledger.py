"""One suite over both ledgers: the shared one in a real Redis, and the one in memory."""

from dataclasses import replace

import pytest

from ratelimit.budget import Lane, Reserves
from ratelimit.ledger import Ask, Grant, Kind, Ledger, Limits
from ratelimit.ledger_local import LocalLedger
from ratelimit.ledger_redis import RedisLedger
from ratelimit.quota import Quota
from ratelimit.verdict import GiveUp, Proceed, Wait, Why

NOW = 1_790_000_000.0
RESET = NOW + 3000
LIMITS = Limits()
OK = Proceed()


@pytest.fixture(params=["redis", "local"])
def ledger(request) -> Ledger:
    if request.param == "local":
        return LocalLedger()
    return RedisLedger(request.getfixturevalue("redis_client"))


def core(remaining: int, *, limit: int = 5000, reset: float = RESET) -> Quota:
    return Quota("core", limit, remaining, limit - remaining, reset)


def granted(ledger: Ledger, ask: Ask, now: float = NOW, limits: Limits = LIMITS) -> Grant:
    answer = ledger.reserve(ask, limits, now)
    assert isinstance(answer, Grant), answer
    return answer


def refused(ledger: Ledger, ask: Ask, now: float = NOW, limits: Limits = LIMITS) -> Wait:
    answer = ledger.reserve(ask, limits, now)
    assert isinstance(answer, Wait), answer
    return answer


def remaining(ledger: Ledger, now: float = NOW, bucket: str = "core") -> int:
    return {quota.bucket: quota for quota in ledger.describe(["u1"], now)["u1"].quotas}[bucket].remaining


ASK = Ask("u1")


def test_an_unknown_account_lets_a_few_through_until_the_first_answer(ledger: Ledger) -> None:
    grants = [granted(ledger, ASK) for _ in range(LIMITS.probes)]
    assert refused(ledger, ASK).why is Why.PROBING
    ledger.report(grants[0], core(4999), None, OK, NOW)
    granted(ledger, ASK)


def test_calls_under_way_are_held_back_from_what_is_left(ledger: Ledger) -> None:
    ledger.learn("u1", core(3), NOW)
    for _ in range(3):
        granted(ledger, ASK)
    assert refused(ledger, ASK) == Wait(1.0, Why.EXHAUSTED)


def test_a_call_is_charged_by_what_the_answer_says(ledger: Ledger) -> None:
    ledger.learn("u1", core(10), NOW)
    ledger.report(granted(ledger, ASK), core(10), None, OK, NOW)  # a 304 was free
    assert remaining(ledger) == 10
    ledger.report(granted(ledger, ASK), core(9), None, OK, NOW)
    assert remaining(ledger) == 9


@pytest.mark.parametrize(("cost", "left"), [(None, 8), (5, 5), (0, 10)])
def test_without_a_reading_the_cost_is_charged(ledger: Ledger, cost: int | None, left: int) -> None:
    ledger.learn("u1", core(10), NOW)
    ledger.report(granted(ledger, Ask("u1", cost=2)), None, cost, OK, NOW)
    assert remaining(ledger) == left


def test_a_grant_is_charged_once(ledger: Ledger) -> None:
    ledger.learn("u1", core(10), NOW)
    grant = granted(ledger, ASK)
    ledger.report(grant, None, None, OK, NOW)
    ledger.report(grant, None, None, OK, NOW)
    assert remaining(ledger) == 9


def test_readings_are_merged_whatever_their_order(ledger: Ledger) -> None:
    ledger.learn("u1", core(90), NOW)
    ledger.learn("u1", core(95), NOW)
    assert remaining(ledger) == 90
    ledger.learn("u1", core(4999, reset=RESET + 3600), NOW)
    assert remaining(ledger) == 4999
    ledger.learn("u1", core(1), NOW)
    assert remaining(ledger) == 4999


@pytest.mark.parametrize("reset", [NOW + 7 * 86400, NOW - 2, 0.0])
def test_a_reading_with_an_impossible_reset_changes_nothing(ledger: Ledger, reset: float) -> None:
    ledger.learn("u1", core(90), NOW)
    ledger.learn("u1", core(0, reset=reset), NOW)
    assert remaining(ledger) == 90


def test_an_empty_bucket_waits_until_a_second_after_its_reset_and_is_full_then(ledger: Ledger) -> None:
    ledger.learn("u1", core(0), NOW)
    assert refused(ledger, ASK) == Wait(3001.0, Why.EXHAUSTED)
    assert refused(ledger, ASK, RESET + 0.5).seconds == 1.0
    granted(ledger, ASK, RESET + 1)
    assert remaining(ledger, RESET + 1) == 5000


def test_a_late_answer_of_the_last_window_does_not_empty_the_new_one(ledger: Ledger) -> None:
    ledger.learn("u1", core(1), NOW)
    late = granted(ledger, ASK)
    granted(ledger, ASK, RESET + 1)
    ledger.report(late, core(0), None, OK, RESET + 2)
    assert remaining(ledger, RESET + 2) == 5000


def test_a_new_window_without_readings_is_not_used_up_by_calls_without_answers(ledger: Ledger) -> None:
    ledger.learn("u1", core(0, limit=3), NOW)
    for _ in range(5):
        ledger.report(granted(ledger, ASK, RESET + 1), None, None, Wait(0, Why.NETWORK), RESET + 1)


def test_a_stored_reset_absurdly_far_ahead_counts_as_unknown(ledger: Ledger) -> None:
    ledger.learn("u1", core(0), NOW)
    earlier = NOW - 86_400  # the clock was set back by a day
    granted(ledger, ASK, earlier)
    ledger.learn("u1", core(7, reset=earlier + 60), earlier)
    assert remaining(ledger, earlier) == 7


@pytest.mark.parametrize("lane", Lane)
@pytest.mark.parametrize("ahead", [3_000, 86_400])
def test_a_clock_that_jumped_ahead_and_back_makes_nobody_wait(ledger: Ledger, lane: Lane, ahead: int) -> None:
    ask = Ask("u1", lane=lane)
    for offset in (0, ahead, ahead + 1, 2, 3, 4):
        now = NOW + offset
        ledger.report(granted(ledger, ask, now), core(4000, reset=now + 1800), None, OK, now)
    assert remaining(ledger, NOW + 4) == 4000


def test_what_was_spent_and_lost_before_the_clock_was_set_back_counts_as_long_as_it_would_have(ledger: Ledger) -> None:
    earlier = NOW - 86_400
    limits = Limits(max_concurrent=2, rest_points=5)
    ledger.report(granted(ledger, replace(ASK, points=4), limits=limits), core(4000), None, OK, NOW)
    granted(ledger, replace(ASK, points=1), limits=limits)  # by a process that dies
    assert refused(ledger, ASK, earlier, limits).why is Why.POINTS
    assert ledger.describe(["u1"], earlier)["u1"].in_flight == 1
    granted(ledger, ASK, earlier + 62, limits)
    granted(ledger, ASK, earlier + 181, limits)
    assert ledger.describe(["u1"], earlier + 181)["u1"].in_flight == 2


def test_a_rest_is_no_longer_because_the_clock_was_set_back(ledger: Ledger) -> None:
    ledger.report(granted(ledger, ASK), None, None, Wait(90.0, Why.SECONDARY, told=True), NOW)
    assert refused(ledger, ASK, NOW - 86_400) == Wait(90.0, Why.SECONDARY)
    granted(ledger, ASK, NOW - 86_400 + 90)


def test_lanes_leave_their_reserves(ledger: Ledger) -> None:
    ledger.learn("u1", core(30, limit=100), NOW)
    assert refused(ledger, Ask("u1", lane=Lane.WARM)) == Wait(3001.0, Why.RESERVED)
    ledger.report(granted(ledger, Ask("u1", lane=Lane.WEBHOOK)), core(10, limit=100), None, OK, NOW)
    assert refused(ledger, Ask("u1", lane=Lane.WEBHOOK)).why is Why.RESERVED
    granted(ledger, ASK)


def test_the_reserves_come_from_the_limits_handed_in(ledger: Ledger) -> None:
    ledger.learn("u1", core(30, limit=100), NOW)
    granted(ledger, Ask("u1", lane=Lane.WARM), limits=replace(LIMITS, reserves=Reserves(0.0, 0.0)))


def test_a_lane_is_paced_over_the_time_to_the_reset(ledger: Ledger) -> None:
    ledger.learn("u1", core(1100, limit=2000, reset=NOW + 500), NOW)  # 500 usable for warm: one a second
    warm, sent, now = Ask("u1", lane=Lane.WARM), 0, NOW
    while isinstance(answer := ledger.reserve(warm, LIMITS, now), Grant):
        sent += 1
        ledger.report(answer, core(1100 - sent, limit=2000, reset=NOW + 500), None, OK, now)
    assert answer.why is Why.PACE
    assert 50 <= sent <= 61  # a minute's worth at once
    assert 0 < answer.seconds <= 2
    assert isinstance(ledger.reserve(warm, LIMITS, now + answer.seconds + 0.01), Grant)
    granted(ledger, ASK)  # nobody waits for the warm lane's pace


def test_what_costs_more_than_a_lane_may_ever_have_says_so(ledger: Ledger) -> None:
    ledger.learn("u1", core(100, limit=100), NOW)
    assert refused(ledger, Ask("u1", cost=101)).why is Why.TOO_EXPENSIVE
    assert refused(ledger, Ask("u1", lane=Lane.WARM, cost=71)).why is Why.TOO_EXPENSIVE


def test_no_more_calls_under_way_than_allowed_and_room_is_kept_for_the_lanes_above(ledger: Ledger) -> None:
    ledger.learn("u1", core(5000), NOW)
    limits = replace(LIMITS, max_concurrent=10)
    grants = [granted(ledger, Ask("u1", lane=Lane.WARM), limits=limits) for _ in range(7)]
    assert refused(ledger, Ask("u1", lane=Lane.WARM), limits=limits) == Wait(0.25, Why.CONCURRENCY)
    grants += [granted(ledger, ASK, limits=limits) for _ in range(3)]
    assert refused(ledger, ASK, limits=limits).why is Why.CONCURRENCY
    assert ledger.describe(["u1"], NOW)["u1"].in_flight == 10
    ledger.report(grants[0], None, None, GiveUp(Why.NOT_FOUND), NOW)
    granted(ledger, ASK, limits=limits)


def test_graphql_and_rest_share_the_slots_but_not_the_points(ledger: Ledger) -> None:
    ledger.learn("u1", core(5000), NOW)
    ledger.learn("u1", Quota("graphql", 5000, 5000, 0, RESET), NOW)
    query = Ask("u1", "graphql", graphql=True)
    limits = replace(LIMITS, max_concurrent=2, rest_points=1, graphql_points=1)
    first = granted(ledger, ASK, limits=limits)
    assert refused(ledger, ASK, limits=limits).why is Why.POINTS
    granted(ledger, query, limits=limits)
    ledger.report(first, None, None, OK, NOW)
    assert refused(ledger, query, limits=limits).why is Why.POINTS


def test_the_slots_of_a_dead_process_come_back_and_count_as_sent(ledger: Ledger) -> None:
    ledger.learn("u1", core(10), NOW)
    limits = replace(LIMITS, max_concurrent=1, rest_points=1, lease_seconds=90)
    dead = granted(ledger, ASK, limits=limits)
    assert refused(ledger, ASK, NOW + 89, limits).why is Why.POINTS
    later = NOW + 90
    assert refused(ledger, ASK, later, limits).why is Why.POINTS  # it may have been sent just now
    assert remaining(ledger, later) == 9
    granted(ledger, ASK, later + 62, limits)
    ledger.report(dead, None, None, OK, later + 62)
    assert remaining(ledger, later + 62) == 9


@pytest.mark.parametrize(
    ("ask", "most"),
    [
        (ASK, 900),
        (Ask("u1", kind=Kind.WRITE), 180),
        (Ask("u1", "graphql", graphql=True), 2000),
        (Ask("u1", kind=Kind.CONTENT), 80),
    ],
)
def test_no_minute_wherever_it_begins_holds_more_than_allowed(ledger: Ledger, ask: Ask, most: int) -> None:
    """Sent as fast as granted, for three minutes, each call arriving at any time between grant and report."""
    limits = replace(LIMITS, write_gap=0.0)
    step, latency, arrivals, under_way, now = 0.5, 1.5, [], [], NOW
    while now < NOW + 180:
        for grant, sent in [pair for pair in under_way if pair[1] + latency <= now]:
            under_way.remove((grant, sent))
            arrivals.append((sent, now))
            ledger.report(grant, Quota(ask.bucket, 90_000, 90_000, 0, RESET), None, OK, now)
        while isinstance(grant := ledger.reserve(ask, limits, now), Grant):
            under_way.append((grant, now))
        now += step
    assert len(arrivals) > most * 2
    for begin in range(0, 120, 3):
        window = (NOW + begin, NOW + begin + 60)
        # An arrival is put where it does most harm: inside the window if it can be there at all.
        inside = sum(sent < window[1] and reported >= window[0] for sent, reported in arrivals)
        assert inside <= most


def test_content_creation_is_bounded_by_the_hour_too(ledger: Ledger) -> None:
    limits = replace(LIMITS, write_gap=0.0, content_per_hour=5)
    ask = Ask("u1", kind=Kind.CONTENT)
    for _ in range(5):
        ledger.report(granted(ledger, ask, limits=limits), core(90), None, OK, NOW)
    wait = refused(ledger, ask, NOW + 120, limits)
    assert wait.why is Why.CONTENT
    assert 3400 < wait.seconds <= 3600
    granted(ledger, ask, NOW + 120 + wait.seconds, limits)


def test_writes_keep_a_second_apart_and_reads_do_not_wait_for_them(ledger: Ledger) -> None:
    granted(ledger, Ask("u1", kind=Kind.WRITE))
    assert refused(ledger, Ask("u1", kind=Kind.CONTENT), NOW + 0.25) == Wait(0.75, Why.WRITE_GAP)
    granted(ledger, ASK, NOW + 0.25)
    granted(ledger, Ask("u2", kind=Kind.WRITE), NOW + 0.25)
    granted(ledger, Ask("u1", kind=Kind.WRITE), NOW + 1)


def test_a_primary_refusal_rests_its_bucket_alone(ledger: Ledger) -> None:
    ledger.report(granted(ledger, ASK), core(50), None, Wait(13, Why.PRIMARY, told=True), NOW)
    assert refused(ledger, ASK, NOW + 3) == Wait(10.0, Why.PRIMARY)
    granted(ledger, Ask("u1", "search"), NOW + 3)
    granted(ledger, ASK, NOW + 13)


def test_a_secondary_refusal_rests_the_whole_account_for_as_long_as_github_said(ledger: Ledger) -> None:
    ledger.report(granted(ledger, ASK), core(50), None, Wait(8, Why.SECONDARY, told=True), NOW)
    assert refused(ledger, Ask("u1", "search"), NOW + 1) == Wait(7.0, Why.SECONDARY)
    resting = ledger.describe(["u1"], NOW + 1)["u1"].resting
    assert [(rest.bucket, rest.until, rest.why) for rest in resting] == [(None, NOW + 8, Why.SECONDARY)]
    granted(ledger, Ask("u2"), NOW + 1)
    granted(ledger, ASK, NOW + 8)


def test_guessed_rests_double_until_a_call_goes_well(ledger: Ledger) -> None:
    guess, now, waits = Wait(60, Why.ABUSE), NOW, []
    for _ in range(8):
        ledger.report(granted(ledger, ASK, now), None, 0, guess, now)
        waits.append(refused(ledger, ASK, now).seconds)
        now += waits[-1]
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    ledger.report(granted(ledger, ASK, now), None, 0, OK, now)
    ledger.report(granted(ledger, ASK, now), None, 0, guess, now)
    assert refused(ledger, ASK, now).seconds == 60


def test_many_refusals_at_once_are_one_strike(ledger: Ledger) -> None:
    ledger.learn("u1", core(5000), NOW)
    grants = [granted(ledger, ASK) for _ in range(20)]
    for grant in grants:
        ledger.report(grant, None, 0, Wait(60, Why.SECONDARY), NOW)
    assert refused(ledger, ASK) == Wait(60.0, Why.SECONDARY)


@pytest.mark.parametrize("verdict", [Wait(0, Why.SERVER_ERROR), GiveUp(Why.PERMISSION), Wait(0, Why.PRIMARY, True)])
def test_what_is_no_limit_rests_nothing(ledger: Ledger, verdict) -> None:
    ledger.report(granted(ledger, ASK), core(0), None, verdict, NOW)
    ledger.learn("u1", core(50, reset=RESET + 3600), NOW)
    granted(ledger, ASK)


def test_accounts_do_not_see_each_other(ledger: Ledger) -> None:
    ledger.learn("u1", core(0), NOW)
    ledger.learn("u2", core(10), NOW)
    granted(ledger, Ask("u2"))
    described = ledger.describe(["u1", "u2", "u3"], NOW)
    assert [quota.remaining for name in ("u1", "u2") for quota in described[name].quotas] == [0, 10]
    assert described["u3"].quotas == ()
