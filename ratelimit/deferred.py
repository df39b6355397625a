"""A spend that rides in the next trip to Redis which is made anyway, and so costs none of its own.

A request that is going to read the store is let on uncounted; its first read counts it, in the same round trip. Nothing
is made, sent or given out for it before `enforce` or `settled` was asked; without any read they count it themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from ratelimit.limiter import Decision, Limiter


class Exceeded(Exception):
    """The request is over its caller's limit, as `decision` has it."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(f"over the limit of {decision.limit} requests")
        self.decision = decision


@dataclass(slots=True)
class Deferred:
    """One request's spend."""

    limiter: Limiter
    key: str
    limit: int
    decision: Decision | None = None

    def command(self) -> tuple[str | int, ...]:
        """What EVALSHA is given, by whoever asks Redis for something else."""
        return self.limiter.spend_command(self.key, self.limit)

    def answered(self, answer: object) -> None:
        """What Redis said to the command. An error (it has not loaded the script yet, say) leaves it uncounted."""
        if not isinstance(answer, Exception):
            self.decision = self.limiter.spend_answered(answer, self.limit)

    def settled(self) -> Decision:
        """The decision, now."""
        if self.decision is None:
            self.decision = self.limiter.spend(self.key, self.limit)
        return self.decision


_of_request: ContextVar[Deferred | None] = ContextVar("deferred", default=None)


@contextmanager
def within() -> Iterator[None]:
    """One request: what it puts off ends with the block."""
    token = _of_request.set(None)
    try:
        yield
    finally:
        _of_request.reset(token)


def put_off(limiter: Limiter, key: str, limit: int) -> Deferred:
    """Has this request's spend ride."""
    spend = Deferred(limiter, key, limit)
    _of_request.set(spend)
    return spend


def waiting() -> Deferred | None:
    """The spend of this request that waits for a trip."""
    spend = _of_request.get()
    return spend if spend is not None and spend.decision is None else None


def enforce() -> None:
    """Raises Exceeded where this request is over its limit: to be asked before any work or call is done for it."""
    spend = _of_request.get()
    if spend is not None and not (decision := spend.settled()).allowed:
        raise Exceeded(decision)
