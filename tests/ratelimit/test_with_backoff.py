"""`with_backoff` around plain Python calls."""

import threading
from types import SimpleNamespace

import pytest
import requests
from prometheus_client import REGISTRY

from ratelimit.backoff import (
    BackoffCancelled,
    BackoffError,
    BackoffPolicy,
    Refused,
    with_backoff,
)
from ratelimit.verdict import Answer, Wait, Why

OK = Answer(200, {}, b"[]")
BUSY = Answer(503, {}, b"")
LIMITED = Answer(403, {"Retry-After": "8"}, b'{"message": "You have exceeded a secondary rate limit"}')


class Script:
    """Answers one after the other; an exception among them is raised."""

    def __init__(self, *answers: object) -> None:
        self.answers, self.calls = list(answers), 0

    def __call__(self) -> object:
        self.calls += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_it_waits_as_told_and_tries_again() -> None:
    slept: list[float] = []
    call = Script(LIMITED, BUSY, OK)
    assert with_backoff(call, sleep=slept.append, random=lambda: 0.5)() is OK
    assert slept == [pytest.approx(8.4), 0.5]


def test_it_serves_as_a_decorator_with_and_without_options() -> None:
    call = Script(BUSY, OK, OK)

    @with_backoff(sleep=lambda seconds: None)
    def fetch(path: str, *, page: int) -> object:
        """Fetch."""
        assert (path, page) == ("/user", 2)
        return call()

    @with_backoff
    def plain() -> object:
        return call()

    assert fetch("/user", page=2) is OK
    assert plain() is OK
    assert fetch.__doc__ == "Fetch."


def test_an_answer_that_waiting_does_not_change_is_returned_at_once() -> None:
    call = Script(Answer(404, {}, b"{}"))
    assert with_backoff(call, sleep=pytest.fail)().status == 404


def test_a_response_of_requests_is_understood() -> None:
    response = requests.Response()
    response.status_code, response._content = 502, b"<html>"
    good = SimpleNamespace(status_code=200, headers={}, content=b"")
    assert with_backoff(Script(response, good), sleep=lambda seconds: None)() is good


def test_past_the_callers_patience_it_raises_and_says_how_long() -> None:
    call = Script(Answer(403, {"Retry-After": "600"}, LIMITED.body))
    with pytest.raises(BackoffError, match=r"600\.0 s") as caught:
        with_backoff(call, sleep=pytest.fail, random=lambda: 0.0)()
    error = caught.value
    assert (error.why, error.refused, error.seconds, error.attempts) == (Why.SECONDARY, Refused.TOO_LONG, 600.0, 1)
    assert error.last.status == 403


def test_attempts_run_out_and_the_last_answer_is_kept() -> None:
    call = Script(BUSY, BUSY, BUSY)
    with pytest.raises(BackoffError) as caught:
        with_backoff(call, policy=BackoffPolicy(max_attempts=3), sleep=lambda seconds: None)()
    assert (caught.value.refused, caught.value.last, call.calls) == (Refused.OUT_OF_ATTEMPTS, BUSY, 3)


def test_network_errors_are_attempts_and_the_cause_in_the_end() -> None:
    broken = requests.ConnectionError("reset")
    assert with_backoff(Script(broken, TimeoutError(), OK), sleep=lambda seconds: None)() is OK
    with pytest.raises(BackoffError) as caught:
        with_backoff(Script(broken), policy=BackoffPolicy(max_attempts=1))()
    assert caught.value.__cause__ is broken
    assert caught.value.why is Why.NETWORK


def test_other_errors_are_not_swallowed() -> None:
    with pytest.raises(KeyError):
        with_backoff(Script(KeyError("bug")))()


def test_the_policy_may_change_between_calls() -> None:
    policies = iter([BackoffPolicy(max_attempts=1), BackoffPolicy(max_attempts=2)])
    call = with_backoff(Script(BUSY, BUSY, OK), policy=lambda: next(policies), sleep=lambda seconds: None)
    with pytest.raises(BackoffError):
        call()
    assert call() is OK


def test_a_judge_of_ones_own_reads_other_results() -> None:
    def judge(result, now, attempt, policy):
        return Wait(0.0, Why.HICCUP) if result is None else with_backoff_ok

    from ratelimit.verdict import Proceed

    with_backoff_ok = Proceed()
    assert with_backoff(Script(None, 7), judge=judge, sleep=lambda seconds: None)() == 7


def test_an_event_set_before_the_wait_cancels_it() -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(BackoffCancelled, match=r"8\.0 s"):
        with_backoff(Script(LIMITED), cancelled=cancelled, random=lambda: 0.0)()


def test_an_event_set_while_it_waits_ends_the_wait() -> None:
    cancelled, waiting = threading.Event(), threading.Event()

    def call() -> Answer:
        waiting.set()
        return LIMITED

    def cancel() -> None:
        waiting.wait()
        cancelled.set()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(BackoffCancelled):
        with_backoff(call, cancelled=cancelled)()
    thread.join()


def test_a_function_is_asked_again_and_again_while_it_waits() -> None:
    slept: list[float] = []
    with pytest.raises(BackoffCancelled):
        with_backoff(Script(LIMITED), cancelled=lambda: len(slept) >= 3, sleep=slept.append)()
    assert slept == [0.25, 0.25, 0.25]


def test_each_attempt_is_counted() -> None:
    def value(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    def read() -> list[float]:
        return [
            value("backoff_attempts_total", outcome="retry"),
            value("backoff_attempts_total", outcome="done"),
            value("backoff_attempts_total", outcome="out_of_attempts"),
            value("backoff_sleep_seconds_total", why="secondary"),
            value("backoff_refused_seconds_total", why="server_error"),
        ]

    before = read()
    with_backoff(Script(LIMITED, OK), sleep=lambda seconds: None, random=lambda: 0.0)()
    with pytest.raises(BackoffError):
        with_backoff(Script(BUSY), policy=BackoffPolicy(max_attempts=1), random=lambda: 1.0)()
    assert [after - start for after, start in zip(read(), before, strict=True)] == pytest.approx([1, 1, 1, 8.0, 0.5])
