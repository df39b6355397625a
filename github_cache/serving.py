"""What goes out: a body with how it came about, and the headers that say so (pure).

Sources: RFC 9211 (Cache-Status), RFC 9110, 13 (conditional requests), RFC 9111, 5.1 and 5.5 (Age, Warning).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import orjson

from github_cache.entries import Entry
from ratelimit.quota import http_date


class Outcome(StrEnum):
    """How an answer came about; goes out in `X-Cache`."""

    HIT = "HIT"
    MISS = "MISS"
    REVALIDATED = "REVALIDATED"
    COALESCED = "COALESCED"
    STALE = "STALE"
    BYPASS = "BYPASS"


_FORWARDED = {
    Outcome.MISS: "fwd=miss",
    Outcome.REVALIDATED: "fwd=stale; fwd-status=304",
    Outcome.COALESCED: "fwd=miss; collapsed",
    Outcome.BYPASS: "fwd=bypass",
}


@dataclass(frozen=True, slots=True)
class Served:
    """An answer. `age` and `ttl` in seconds; `tags` are the epoch keys that it depends on; `expires_at` (epoch seconds)
    is when it stops being fresh for this caller, 0 where it must not be repeated."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    outcome: Outcome
    age: float = 0.0
    ttl: float = 0.0
    tags: frozenset[str] = frozenset()
    etag: str | None = None
    gzipped: bytes | None = None
    expires_at: float = 0.0
    detail: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def json(self) -> Any:
        """The body read as JSON. Raises ValueError where it is none."""
        return orjson.loads(self.body)

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def by(self, outcome: Outcome, detail: str = "") -> "Served":
        """The same, come about otherwise."""
        return replace(self, outcome=outcome, detail=detail)

    def cache_headers(self) -> dict[str, str]:
        """`Cache-Status`, `X-Cache`, `Age`, `ETag`, and `Warning` on what is stale."""
        how = "hit" if self.outcome in (Outcome.HIT, Outcome.STALE) else _FORWARDED[self.outcome]
        status = f"hubcache; {how}; ttl={int(self.ttl - self.age)}"
        headers = {
            "Cache-Status": f"{status}; detail={self.detail}" if self.detail else status,
            "X-Cache": str(self.outcome),
            "Age": str(int(self.age)),
        }
        if self.etag:
            headers["ETag"] = self.etag
        if self.outcome is Outcome.STALE:
            failing = self.detail.startswith("github")
            headers["Warning"] = '111 hubcache "Revalidation Failed"' if failing else '110 hubcache "Response is Stale"'
        return headers


def from_entry(entry: Entry, outcome: Outcome, *, age: float, lifetime: float, detail: str = "") -> Served:
    """An entry as it goes out, `age` seconds after GitHub's confirmation."""
    fresh = outcome is not Outcome.STALE and lifetime > age
    return Served(
        status=entry.status,
        headers=entry.headers,
        body=entry.body,
        outcome=outcome,
        age=age,
        ttl=lifetime,
        tags=frozenset(key for key, _token in entry.epochs),
        etag=entry.extra.get("etag"),
        gzipped=entry.gzipped,
        expires_at=entry.stored_at + lifetime if fresh else 0.0,
        detail=detail,
        extra=entry.extra,
    )


_ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')


def not_modified(served: Served, if_none_match: str, if_modified_since: str) -> bool:
    """May this be answered with 304? Entity tags are compared weakly; a date counts only without them."""
    if served.status != 200:
        return False
    if if_none_match:
        if if_none_match.strip() == "*":
            return True
        mine = _ENTITY_TAG.fullmatch(served.etag or "")
        return mine is not None and mine[1] in _ENTITY_TAG.findall(if_none_match)
    if not if_modified_since:
        return False
    modified, since = http_date(served.header("Last-Modified")), http_date(if_modified_since)
    return modified is not None and since is not None and modified <= since
