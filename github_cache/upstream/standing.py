"""What this process knows against tokens: which of them GitHub refused, and what they may not see.

A token that was answered 401 rests for REST_SECONDS. One that was answered 404 or 403 for a path is remembered for that
path and whatever lies below it, for LACK_SECONDS: so a repository that it cannot see is asked for with another one.
Times are epoch seconds, handed in.
"""

import threading
from collections import OrderedDict

REST_SECONDS = 300.0
LACK_SECONDS = 600.0
MOST = 10_000


class Standing:
    """Safe for threads; bounded by MOST remembered paths."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rests: dict[str, float] = {}
        self._lacks: OrderedDict[tuple[str, str], float] = OrderedDict()

    def refuse(self, identity: str, now: float) -> None:
        """GitHub does not accept this token."""
        with self._lock:
            self._rests = {name: until for name, until in self._rests.items() if until > now}
            self._rests[identity] = now + REST_SECONDS

    def accept(self, identity: str) -> None:
        """GitHub does accept it after all."""
        if identity in self._rests:
            with self._lock:
                self._rests.pop(identity, None)

    def rests_until(self, identity: str, now: float) -> float | None:
        """When a refused token is tried again, None for one that was not refused."""
        until = self._rests.get(identity, 0.0)
        return until if until > now else None

    def lacks(self, identity: str, subject: str, now: float) -> bool:
        """Was this token lately refused `subject`, or something that it lies below?"""
        if not self._lacks:
            return False
        parts = subject.split("/")
        above = ("/".join(parts[:length]) for length in range(2, len(parts) + 1))
        return any(self._lacks.get((identity, path), 0.0) > now for path in above)

    def note_lack(self, identity: str, subject: str, now: float) -> None:
        """This token may not see `subject`, a path of the REST API in lower case."""
        with self._lock:
            self._lacks[identity, subject] = now + LACK_SECONDS
            self._lacks.move_to_end((identity, subject))
            while len(self._lacks) > MOST:
                self._lacks.popitem(last=False)

    def forget(self) -> None:
        """Nothing is known against anyone."""
        with self._lock:
            self._rests.clear()
            self._lacks.clear()
