"""The backoff policy, and the decision that follows from a verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratelimit.backoff import BackoffPolicy, Done, Fail, Refused, Retry, decide, delay
from ratelimit.verdict import GiveUp, Proceed, Wait, Why

POLICY = BackoffPolicy()


@pytest.mark.parametrize(("attempt", "ceiling"), [(1, 0.5), (2, 1.0), (3, 2.0), (7, 32.0), (8, 60.0), (10**9, 60.0)])
def test_the_ceiling_doubles_up_to_a_minute(attempt: int, ceiling: float) -> None:
    assert delay(POLICY, attempt, lambda: 1.0) == ceiling
    assert delay(POLICY, attempt, lambda: 0.0) == 0.0
    assert delay(POLICY, attempt, lambda: 0.5) == ceiling / 2


@given(st.integers(1, 30), st.floats(0, 1, exclude_max=True), st.floats(0, 1))
def test_jitter_stays_within_its_share(attempt: int, drawn: float, share: float) -> None:
    ceiling = delay(BackoffPolicy(jitter=0), attempt, lambda: drawn)
    assert ceiling * (1 - share) - 1e-9 <= delay(BackoffPolicy(jitter=share), attempt, lambda: drawn) <= ceiling + 1e-9


@pytest.mark.parametrize(
    "fault",
    [{"base_ms": -1}, {"factor": 0.5}, {"max_ms": -1}, {"jitter": 1.1}, {"jitter": -0.1}, {"max_attempts": 0},
     {"longest_wait": -1}, {"base_ms": float("nan")}],
)  # fmt: skip
def test_an_impossible_policy_says_which_value_is_wrong(fault: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(fault))):
        BackoffPolicy(**fault)


def outcome(verdict, attempt: int = 1, random: float = 0.5, waited: float = 0.0, policy: BackoffPolicy = POLICY):
    return decide(policy, verdict, attempt=attempt, random=lambda: random, waited=waited)


def test_what_can_be_used_is_done_and_what_cannot_be_healed_fails() -> None:
    assert outcome(Proceed()) == Done()
    assert outcome(GiveUp(Why.PERMISSION)) == Fail(Refused.NOT_RETRYABLE, Why.PERMISSION, None)


@pytest.mark.parametrize("why", [Why.SERVER_ERROR, Why.TIME_OUT, Why.HICCUP, Why.UNREADABLE, Why.NETWORK])
def test_passing_troubles_take_the_full_jitter(why: Why) -> None:
    assert [outcome(Wait(0, why), attempt).seconds for attempt in (1, 2, 3)] == [0.25, 0.5, 1.0]


def test_a_wait_that_github_named_is_never_shortened_and_hardly_lengthened() -> None:
    assert outcome(Wait(13, Why.PRIMARY, told=True), random=0.0) == Retry(13, Why.PRIMARY)
    assert outcome(Wait(13, Why.PRIMARY, told=True), random=1.0).seconds == pytest.approx(14.3)
    patient = BackoffPolicy(longest_wait=4000)
    assert outcome(Wait(3000, Why.PRIMARY, told=True), random=1.0, policy=patient) == Retry(3005, Why.PRIMARY)


def test_a_reset_that_has_passed_is_tried_at_once_and_then_backed_off_from() -> None:
    passed = Wait(0, Why.PRIMARY, told=True)
    assert [outcome(passed, attempt).seconds for attempt in (1, 2, 3)] == [0.0, 0.25, 0.5]


def test_past_the_callers_patience_it_fails_and_says_how_long_it_would_have_been() -> None:
    assert outcome(Wait(3600, Why.PRIMARY, told=True), random=0.0) == Fail(Refused.TOO_LONG, Why.PRIMARY, 3600)
    assert outcome(Wait(30, Why.SECONDARY, told=True), random=0.0, waited=31) == Fail(
        Refused.TOO_LONG, Why.SECONDARY, 30
    )
    assert isinstance(outcome(Wait(30, Why.SECONDARY, told=True), random=0.0, waited=30), Retry)


def test_attempts_run_out() -> None:
    assert isinstance(outcome(Wait(0, Why.HICCUP), attempt=4), Retry)
    assert outcome(Wait(0, Why.HICCUP), attempt=5) == Fail(Refused.OUT_OF_ATTEMPTS, Why.HICCUP, 4.0)
