"""What one request or task asks of GitHub: its ID goes along with each call, and calls and their cost are counted.

Whoever begins a request or a task opens a tally; whoever sends a call finds it in the context, or none.
"""

import contextlib
import random
import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Tally:
    """The calls that were sent on behalf of `request_id`, and what GitHub charges for them in points."""

    request_id: str
    calls: int = 0
    cost: int = 0


_current: ContextVar[Tally | None] = ContextVar("tally", default=None)


# What a caller may have chosen without being able to forge a log line.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")


def request_id(environ: Mapping[str, Any]) -> str:
    """The ID of a request: the caller's own `X-Request-Id` where that is harmless, else a new one."""
    offered = environ.get("HTTP_X_REQUEST_ID")
    return offered if offered and _REQUEST_ID.fullmatch(offered) else random.randbytes(16).hex()


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
