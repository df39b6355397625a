"""One caller's window of the inbound limit, and the penalty that grows with each violation. *Pure.*

A window begins with the first request in it. Who asks for more than the limit is refused until it ends; who does so
again soon after is refused twice as long each time, up to an hour. A level of penalty wears off with each ten minutes
without a violation. `lua/spend.lua` and `lua/adjust.lua` are the same rule beside the shared numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

LONGEST_PENALTY = 3600.0
DECAY = 600.0
HIGHEST_LEVEL = 12


@dataclass(frozen=True, slots=True)
class Window:
    """`begins`, `blocked_until` in epoch seconds; `level` is how often the penalty has doubled, plus one."""

    begins: float
    used: int = 0
    level: int = 0
    blocked_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Taken:
    """`count` requests were taken (0: refused); `left` are left until `resets`, or all are refused until then."""

    count: int
    left: int
    resets: float


def current(window: Window | None, length: float, now: float) -> Window:
    """The window that holds `now`: the given one, or a new one that keeps its penalty.

    A `now` a little before the begin is a thread, or a machine, whose clock was read earlier: it is the same window.
    """
    if window is None:
        return Window(now)
    if window.begins - length < now < window.begins + length:
        return window
    return replace(window, begins=now, used=0)


def take(window: Window | None, *, length: float, limit: int, cost: int, most: int, now: float) -> tuple[Window, Taken]:
    """Take at least `cost` and at most `most` of what the window has left; or refuse, and count a violation."""
    if window is not None and 0 < window.blocked_until - now <= LONGEST_PENALTY:
        return window, Taken(0, 0, window.blocked_until)
    window = current(window, length, now)
    resets = window.begins + length
    left = limit - window.used
    if left >= cost:
        count = min(left, most)
        return replace(window, used=window.used + count), Taken(count, left - count, resets)
    worn_off = int((now - window.blocked_until) // DECAY) if window.blocked_until else 0
    level = min(max(window.level - worn_off, 0) + 1, HIGHEST_LEVEL)
    penalty = min(length * 2 ** (level - 1), LONGEST_PENALTY)
    until = resets if level == 1 else max(resets, now + penalty)
    return replace(window, level=level, blocked_until=until), Taken(0, 0, until)


def adjust(window: Window | None, *, length: float, by: int, now: float) -> Window:
    """Give back (`by` < 0) or take unasked (`by` > 0); a window never holds less than nothing."""
    window = current(window, length, now)
    return replace(window, used=max(window.used + by, 0))
