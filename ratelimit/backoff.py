"""How long to wait before trying again, and whether to try again at all.

Exponential backoff with full jitter for what passes by itself; where GitHub names the wait (`Retry-After`, the reset)
that wait, plus a little jitter so that nobody comes back in the same instant. `decide` is pure and never sleeps: tasks
turn it into a countdown and views into a `Retry-After`. Only `with_backoff`, for plain Python callers, sleeps.
Source: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

import random as random_module
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Any, ParamSpec, TypeAlias, TypeVar, overload

from ratelimit import metrics
from ratelimit.verdict import PRIMARY, Answer, GiveUp, Proceed, Verdict, Wait, Why
from ratelimit.verdict import judge as judge_answer

P = ParamSpec("P")
T = TypeVar("T")
Random: TypeAlias = Callable[[], float]

JITTER_SHARE = 0.1
JITTER_CAP = 5.0
"""A wait that GitHub named is lengthened at random by up to a tenth, and by no more than 5 s."""

SLICE = 0.25
"""Seconds between two looks at a `cancelled` that is a function."""


@dataclass(frozen=True, slots=True)
class BackoffPolicy:
    """The parameters, as the settings GITHUB_BACKOFF_* name them.

    `jitter` is the random share of a backoff (1: full jitter); `longest_wait` the seconds that the caller will bear
    over all attempts together.
    """

    base_ms: float = 500
    factor: float = 2.0
    max_ms: float = 60_000
    jitter: float = 1.0
    max_attempts: int = 5
    longest_wait: float = 60.0

    def __post_init__(self) -> None:
        for name, value, least in (
            ("base_ms", self.base_ms, 0),
            ("factor", self.factor, 1),
            ("max_ms", self.max_ms, 0),
            ("max_attempts", self.max_attempts, 1),
            ("longest_wait", self.longest_wait, 0),
        ):
            if not value >= least:
                raise ValueError(f"{name} of a backoff policy is {value}; it has to be at least {least}")
        if not 0 <= self.jitter <= 1:
            raise ValueError(f"jitter of a backoff policy is {self.jitter}; it has to lie between 0 and 1")


def delay(policy: BackoffPolicy, attempt: int, random: Random) -> float:
    """Seconds of backoff after an attempt (counted from 1): up to base × factor^(attempt − 1), and at most max."""
    exponent = min(max(attempt, 1) - 1, 64)
    ceiling = min(policy.base_ms * policy.factor**exponent, policy.max_ms) / 1000
    return ceiling * (1 - policy.jitter * (1 - random()))


STANDARD = BackoffPolicy()


class Refused(StrEnum):
    """Why there is no further attempt."""

    NOT_RETRYABLE = "not_retryable"
    OUT_OF_ATTEMPTS = "out_of_attempts"
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Done:
    """The answer can be used."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again in `seconds`."""

    seconds: float
    why: Why


@dataclass(frozen=True, slots=True)
class Fail:
    """No further attempt; `seconds` is the wait that it would have taken, None where waiting would not help."""

    refused: Refused
    why: Why
    seconds: float | None


Outcome: TypeAlias = Done | Retry | Fail


def decide(policy: BackoffPolicy, verdict: Verdict, *, attempt: int, random: Random, waited: float = 0.0) -> Outcome:
    """What follows from the verdict on an attempt (counted from 1), when `waited` seconds were waited before it."""
    if isinstance(verdict, Proceed):
        return Done()
    if isinstance(verdict, GiveUp):
        return Fail(Refused.NOT_RETRYABLE, verdict.why, None)
    seconds = _seconds(policy, verdict, attempt, random)
    if attempt >= policy.max_attempts:
        return Fail(Refused.OUT_OF_ATTEMPTS, verdict.why, seconds)
    if waited + seconds > policy.longest_wait:
        return Fail(Refused.TOO_LONG, verdict.why, seconds)
    return Retry(seconds, verdict.why)


def _seconds(policy: BackoffPolicy, verdict: Wait, attempt: int, random: Random) -> float:
    if verdict.seconds > 0:
        return verdict.seconds + min(verdict.seconds * JITTER_SHARE, JITTER_CAP) * policy.jitter * random()
    # A reset that has passed, or "Retry-After: 0": once at once, and after that the ordinary backoff.
    if verdict.told or verdict.why in PRIMARY:
        return 0.0 if attempt <= 1 else delay(policy, attempt - 1, random)
    return delay(policy, attempt, random)


class BackoffError(Exception):
    """A call was given up. `why` says what GitHub said, `refused` which rule ended it, `seconds` the wait that a
    further attempt would have taken, `attempts` how many were made, `last` the last answer (None after an exception,
    which is then the cause)."""

    def __init__(self, failed: Fail, attempts: int, last: object) -> None:
        self.why, self.refused, self.seconds = failed.why, failed.refused, failed.seconds
        self.attempts, self.last = attempts, last
        wait = "" if failed.seconds is None else f"; the next attempt would have been in {failed.seconds:.1f} s"
        super().__init__(f"gave up after {attempts} attempt(s): {failed.why} ({failed.refused}){wait}")


class BackoffCancelled(Exception):
    """The caller cancelled while `seconds` were being waited."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"cancelled while waiting {seconds:.1f} s for the next attempt")


Cancelled: TypeAlias = threading.Event | Callable[[], bool] | None
Judge: TypeAlias = Callable[[Any, float, int, BackoffPolicy], Verdict]


@overload
def with_backoff(fn: Callable[P, T], **options: Any) -> Callable[P, T]: ...
@overload
def with_backoff(fn: None = None, **options: Any) -> Callable[[Callable[P, T]], Callable[P, T]]: ...
def with_backoff(  # type: ignore[misc]  # the overloads leave the options to this signature
    fn: Callable[P, T] | None = None,
    *,
    policy: BackoffPolicy | Callable[[], BackoffPolicy] = STANDARD,
    sleep: Callable[[float], object] | None = None,
    clock: Callable[[], float] = time.time,
    random: Random = random_module.random,
    cancelled: Cancelled = None,
    judge: Judge | None = None,
) -> Callable[P, T] | Callable[[Callable[P, T]], Callable[P, T]]:
    """Make a call to GitHub wait and try again: `with_backoff(fetch)(…)`, `@with_backoff` or `@with_backoff(policy=…)`.

    `fn` returns an `Answer`, or anything with `status_code`, `headers` and `content`; whatever else it returns needs a
    `judge(result, now, attempt, policy)`. An answer that waiting would not change (404, 403, …) is returned as it is.
    `policy` may be a function, asked anew at every call, so that settings can change while the program runs.

    Raises `BackoffError` past `max_attempts` or `longest_wait` (`OSError`s of `fn` count as attempts, and are the
    cause), and `BackoffCancelled` when `cancelled` is set, or returns true, while it waits.
    """

    def decorate(call: Callable[P, T]) -> Callable[P, T]:
        @wraps(call)
        def attempts(*args: P.args, **kwargs: P.kwargs) -> T:
            in_force = policy() if callable(policy) else policy
            attempt, waited = 0, 0.0
            while True:
                attempt += 1
                result, verdict, error = _attempt(call, args, kwargs, judge or judge_response, clock, attempt, in_force)
                outcome = decide(in_force, verdict, attempt=attempt, random=random, waited=waited)
                metrics.count_backoff(outcome)
                if isinstance(outcome, Retry):
                    _pause(outcome.seconds, sleep, cancelled)
                    waited += outcome.seconds
                elif isinstance(outcome, Done) or outcome.refused is Refused.NOT_RETRYABLE:
                    return result  # type: ignore[return-value]  # set wherever there was no error
                else:
                    raise BackoffError(outcome, attempt, result) from error

        return attempts

    return decorate if fn is None else decorate(fn)


def judge_response(result: Any, now: float, attempt: int, policy: BackoffPolicy) -> Verdict:
    """The verdict on an `Answer`, or on a response as `requests` and `httpx` have it."""
    if not isinstance(result, Answer):
        result = Answer(result.status_code, result.headers, result.content)
    return judge_answer(result, now=now, attempt=attempt, policy=policy)


def _attempt(
    call: Callable[..., T],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    judge: Judge,
    clock: Callable[[], float],
    attempt: int,
    policy: BackoffPolicy,
) -> tuple[T | None, Verdict, OSError | None]:
    try:
        result = call(*args, **kwargs)
    except OSError as error:  # what sockets raise, and requests' own errors
        return None, Wait(0.0, Why.NETWORK), error
    return result, judge(result, clock(), attempt, policy), None


def _pause(seconds: float, sleep: Callable[[float], object] | None, cancelled: Cancelled) -> None:
    """Sleep for `seconds`; raises `BackoffCancelled` as soon as the caller cancels."""
    is_set = cancelled.is_set if isinstance(cancelled, threading.Event) else cancelled or (lambda: False)
    if is_set():
        raise BackoffCancelled(seconds)
    if isinstance(cancelled, threading.Event) and sleep is None:
        cancelled.wait(seconds)
    else:
        left = seconds
        while left > 0 and not is_set():
            part = left if cancelled is None else min(left, SLICE)
            (sleep or time.sleep)(part)
            left -= part
    if is_set():
        raise BackoffCancelled(seconds)
