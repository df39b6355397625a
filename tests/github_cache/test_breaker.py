"""The circuit breaker's states, by the clock that it is given."""

from hypothesis import given
from hypothesis import strategies as st

from github_cache.breaker import HEALTHY, UNTRIED, Breaker, Leave, Policy, State, ask, failed, tripped

POLICY = Policy(failures=3, window=10, pause=0.5, open_for=1, probe_for=5)


def after_failures(*times: float) -> Breaker:
    breaker = HEALTHY
    for at in times:
        breaker = failed(breaker, at, POLICY)
    return breaker


def test_a_healthy_one_lets_everyone_go() -> None:
    assert ask(HEALTHY, 0, POLICY) == (HEALTHY, Leave.GO)


def test_after_one_failure_nobody_asks_for_a_moment() -> None:
    breaker = after_failures(100)
    assert [ask(breaker, at, POLICY)[1] for at in (100, 100.4, 100.5)] == [Leave.STAY, Leave.STAY, Leave.GO]


def test_enough_failures_within_the_window_open_it() -> None:
    assert after_failures(100, 101, 102).state is State.OPEN
    assert after_failures(100, 101, 112).state is State.CLOSED


def test_exactly_one_probe_goes_through_when_the_open_time_is_over() -> None:
    breaker, leave = ask(after_failures(100, 101, 102), 102.9, POLICY)
    assert leave is Leave.STAY
    breaker, leave = ask(breaker, 103, POLICY)
    assert leave is Leave.PROBE
    assert {ask(breaker, at, POLICY)[1] for at in (103, 104, 107.9)} == {Leave.STAY}


def test_a_probe_that_fails_opens_it_again() -> None:
    probing, _ = ask(after_failures(100, 101, 102), 103, POLICY)
    again = failed(probing, 103.1, POLICY)
    assert again.state is State.OPEN
    assert ask(again, 104, POLICY)[1] is Leave.STAY
    assert ask(again, 104.1, POLICY)[1] is Leave.PROBE


def test_a_probe_that_never_reports_is_followed_by_another() -> None:
    probing, _ = ask(UNTRIED, 100, POLICY)
    assert ask(probing, 105, POLICY)[1] is Leave.PROBE


def test_failures_of_those_who_were_under_way_do_not_keep_it_open() -> None:
    opened = after_failures(100, 101, 102)
    assert failed(opened, 102.9, POLICY).until == opened.until


def test_tripping_opens_it_at_once() -> None:
    breaker = tripped(HEALTHY, 100, POLICY)
    assert breaker.state is State.OPEN
    assert ask(breaker, 101, POLICY)[1] is Leave.PROBE


@given(st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=40))
def test_at_any_time_at_most_one_probe_is_under_way(steps: list[tuple[float, bool]]) -> None:
    """Everyone who is let go fails; a probe reports at the next step, or never."""
    breaker, now, probing_since = HEALTHY, 0.0, None
    for wait, reports in steps:
        now += wait
        if probing_since is not None and reports:
            breaker, probing_since = failed(breaker, now, POLICY), None
        breaker, leave = ask(breaker, now, POLICY)
        if leave is Leave.PROBE:
            assert probing_since is None or now >= probing_since + POLICY.probe_for
            probing_since = now
        if leave is Leave.GO:
            breaker = failed(breaker, now, POLICY)
