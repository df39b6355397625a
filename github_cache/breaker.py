"""The circuit breaker before Redis, as a pure state machine: a state and the time in, the next state out.

After each failure nobody asks for a moment, so that one request never waits for two time-outs. After enough failures
within a window it is OPEN; when its time is over exactly one caller is let through to try (PROBING), and what comes
of that closes it or opens it again. A probe that never reports ends by itself. Source: requirement 1, subtask 2.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


class Leave(StrEnum):
    """What a caller may do."""

    GO = "go"
    STAY = "stay"
    PROBE = "probe"


@dataclass(frozen=True, slots=True)
class Policy:
    """All in seconds, but for `failures`."""

    failures: int = 3
    window: float = 10.0
    pause: float = 0.5
    open_for: float = 1.0
    probe_for: float = 10.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """`until`: when the pause, the open time or the probe's time is over. `failures`: the times of those that count."""

    state: State = State.CLOSED
    until: float = 0.0
    failures: tuple[float, ...] = ()


HEALTHY = Breaker()
UNTRIED = Breaker(State.OPEN)
"""The next caller probes."""


def ask(breaker: Breaker, now: float, policy: Policy) -> tuple[Breaker, Leave]:
    """Whether a caller may go ahead at `now`."""
    if breaker.state is State.CLOSED:
        return breaker, Leave.STAY if now < breaker.until else Leave.GO
    if now < breaker.until:
        return breaker, Leave.STAY
    return Breaker(State.PROBING, now + policy.probe_for, breaker.failures), Leave.PROBE


def failed(breaker: Breaker, now: float, policy: Policy) -> Breaker:
    """After a failure at `now`."""
    failures = (*(at for at in breaker.failures if now - at < policy.window), now)[-policy.failures :]
    if breaker.state is State.CLOSED and len(failures) < policy.failures:
        return Breaker(State.CLOSED, now + policy.pause, failures)
    if breaker.state is State.OPEN:
        return replace(breaker, failures=failures)
    return Breaker(State.OPEN, now + policy.open_for, failures)


def tripped(breaker: Breaker, now: float, policy: Policy) -> Breaker:
    """After a failure that must not be followed by another use without a probe."""
    return replace(failed(breaker, now, policy), state=State.OPEN)
