"""The sandbox's time: it runs with the machine's clock and can be moved, so that nobody waits for a reset.

Every time in the sandbox is UNIX seconds (UTC); `iso` and `http_date` spell it as GitHub does.
"""

import time
from datetime import UTC, datetime
from email.utils import formatdate


class Clock:
    """A clock that runs on, from wherever it was moved to."""

    def __init__(self, start: float | None = None) -> None:
        """*start*: UNIX seconds to begin at; None: the machine's own time."""
        self._offset = 0.0 if start is None else start - time.time()

    def now(self) -> float:
        """UNIX seconds in the sandbox."""
        return time.time() + self._offset

    def move(self, seconds: float) -> None:
        """Jump by *seconds*, backwards if negative."""
        self._offset += seconds

    def set(self, timestamp: float) -> None:
        """Jump to *timestamp* (UNIX seconds)."""
        self._offset = timestamp - time.time()


def iso(timestamp: float | None) -> str | None:
    """`2026-11-21T02:00:00Z`, as in GitHub's bodies; None stays None."""
    if timestamp is None:
        return None
    return datetime.fromtimestamp(int(timestamp), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_iso(text: str) -> float:
    """UNIX seconds of an ISO 8601 time; raises ValueError where it is none."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def http_date(timestamp: float) -> str:
    """`Sat, 21 Nov 2026 02:00:00 GMT` (RFC 9110, 5.6.7)."""
    return formatdate(timestamp, usegmt=True)
