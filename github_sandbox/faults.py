"""Faults on demand: which call goes wrong, and how. What the wire does with it is in `server`.

| kind | what happens |
|---|---|
| latency | `seconds` pass before the call is served |
| status | `status` (500 unless told) with GitHub's JSON error, unserved |
| html | `status` (502 unless told) with an HTML page, unserved |
| hang | nothing for `seconds` (30 unless told), then the connection closes |
| reset | served, then the connection is reset instead of an answer |
| cut_body | served, half of the body, then the connection closes |
| wrong_length | served, with a Content-Length ten bytes too long, then the connection closes |
| drip | served, the body in ten pieces over `seconds` |
| primary, secondary | refused as by that rate limit, unserved |
| hiccup | GraphQL's 200 without data, "Something went wrong while executing your query", unserved |
| not_modified | any conditional GET gets 304, changed or not: GitHub does so after a 404 |
"""

import math
import random
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    LATENCY = "latency"
    STATUS = "status"
    HTML = "html"
    HANG = "hang"
    RESET = "reset"
    CUT_BODY = "cut_body"
    WRONG_LENGTH = "wrong_length"
    DRIP = "drip"
    PRIMARY = "primary"
    SECONDARY = "secondary"
    HICCUP = "hiccup"
    NOT_MODIFIED = "not_modified"


ON_THE_WIRE = {Kind.HANG, Kind.RESET, Kind.CUT_BODY, Kind.WRONG_LENGTH, Kind.DRIP}
_SECONDS = {Kind.LATENCY: 1.0, Kind.HANG: 30.0, Kind.DRIP: 2.0}
_STATUS = {Kind.STATUS: 500, Kind.HTML: 502}
_PATH = {Kind.HICCUP: "/graphql"}


@dataclass(slots=True)
class Fault:
    """`remaining`: how many more calls it befalls, None: all. `path` is searched in path and query string."""

    id: int
    kind: Kind
    path: re.Pattern[str]
    method: str | None = None
    remaining: int | None = None
    probability: float = 1.0
    seconds: float = 0.0
    status: int = 0
    retry_after: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind.value,
            "path": self.path.pattern,
            "method": self.method,
            "count": self.remaining,
            "probability": self.probability,
            "seconds": self.seconds,
            "status": self.status,
            "retry_after": self.retry_after,
        }


@dataclass(slots=True)
class Faults:
    """The faults that are waiting to happen, oldest first; the first that fits a call befalls it."""

    chance: random.Random = field(default_factory=lambda: random.Random(0))
    waiting: list[Fault] = field(default_factory=list)
    _last_id: int = 0

    def add(self, wish: dict[str, Any]) -> Fault:
        """A fault out of JSON: kind, and maybe path, method, count, probability, seconds, status, retry_after.

        Raises ValueError with what is wrong with it.
        """
        unknown = wish.keys() - {"kind", "path", "method", "count", "probability", "seconds", "status", "retry_after"}
        if unknown:
            raise ValueError(f"unknown field {sorted(unknown)[0]!r} in a fault")
        try:
            kind = Kind(wish.get("kind", ""))
        except ValueError:
            known = ", ".join(Kind)
            raise ValueError(f"unknown kind of fault {wish.get('kind')!r}; there are: {known}") from None
        try:
            path = re.compile(wish.get("path", _PATH.get(kind, "")))
            probability = float(wish.get("probability", 1.0))
            seconds = float(wish.get("seconds", _SECONDS.get(kind, 0.0)))
            status = int(wish.get("status", _STATUS.get(kind, 0)))
            count = None if wish.get("count") is None else int(wish["count"])
            retry_after = None if wish.get("retry_after") is None else int(wish["retry_after"])
        except (re.error, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"the fault is malformed: {error}") from None
        if not 0 <= probability <= 1:
            raise ValueError(f"probability must be between 0 and 1, not {probability}")
        if not 0 <= seconds < math.inf:
            raise ValueError(f"seconds must be 0 or more, not {seconds}")
        if count is not None and count < 1:
            raise ValueError(f"count must be 1 or more, not {count}")
        if retry_after is not None and retry_after < 0:
            raise ValueError(f"retry_after must be 0 or more, not {retry_after}")
        self._last_id += 1
        method = str(wish["method"]).upper() if wish.get("method") else None
        fault = Fault(self._last_id, kind, path, method, count, probability, seconds, status, retry_after)
        self.waiting.append(fault)
        return fault

    def remove(self, fault_id: int) -> bool:
        """Whether there was one of that ID."""
        before = len(self.waiting)
        self.waiting = [fault for fault in self.waiting if fault.id != fault_id]
        return len(self.waiting) < before

    def clear(self) -> None:
        self.waiting = []

    def pick(self, method: str, target: str) -> Fault | None:
        """The fault that befalls this call, counted down; *target* is path and query string."""
        for fault in self.waiting:
            fits = fault.method in (None, method) and fault.path.search(target)
            if fits and self.chance.random() < fault.probability:
                if fault.remaining is not None:
                    fault.remaining -= 1
                    if fault.remaining <= 0:
                        self.waiting.remove(fault)
                return fault
        return None
