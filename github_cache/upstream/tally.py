"""What one request or task asks of GitHub: its ID goes along with each call, and calls and their cost are counted.

Whoever begins a request or a task opens a tally; whoever sends a call finds it in the context, or none.
"""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """The calls that were sent on behalf of `request_id`, and what GitHub charges for them in points."""

    request_id: str
    calls: int = 0
    cost: int = 0


_current: ContextVar[Tally | None] = ContextVar("tally", default=None)


@contextlib.contextmanager
def opened(request_id: str) -> Iterator[Tally]:
    """A tally of its own within the block."""
    tally = Tally(request_id)
    token = _current.set(tally)
    try:
        yield tally
    finally:
        _current.reset(token)


@contextlib.contextmanager
def continued() -> Iterator[None]:
    """Within the block calls bear the ID that they bear outside, and count towards nothing that anybody waits for."""
    outside = _current.get()
    token = _current.set(outside and Tally(outside.request_id))
    try:
        yield
    finally:
        _current.reset(token)


def current() -> Tally | None:
    """The tally of the request or task that this thread works for."""
    return _current.get()


def count(cost: int) -> None:
    """One call was sent, which costs so many points."""
    tally = _current.get()
    if tally is not None:
        tally.calls += 1
        tally.cost += cost
