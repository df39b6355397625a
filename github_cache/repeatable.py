"""An answer that may be repeated: the leave that its view gave, what is kept of it, and how it is told again (pure).

What is about one moment or one request is not kept: `Age`, `X-Cache` and `Cache-Status` are computed anew each
second, the request ID for each repeat, and GitHub's numbers are left out.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from github_cache.resources import foremost_kind

Headers = list[tuple[str, str]]

GITHUB_SURFACE = "/api/v3/"
_COMPUTED_ANEW = frozenset(
    {"age", "date", "x-cache", "cache-status", "x-request-id", "x-from-cache", "retry-after", "content-length"}
)


@dataclass(frozen=True, slots=True)
class Hot:
    """A view's leave to repeat its answer: until `expires_at` (epoch seconds; when the body stops being fresh), or
    until one of `tags` (keys of epochs) is renewed. Set as `response.hot`."""

    tags: frozenset[str]
    expires_at: float


@dataclass(frozen=True, slots=True)
class Offer:
    """What Django's side hands to the wrapper: the leave, the body, and by what the limit counted the caller."""

    hot: Hot
    body: bytes
    rate_key: str | None
    rate_limit: int
    tenant: str
    endpoint: str
    """The route that answered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is repeated."""

    status: str
    headers: Headers
    body: bytes
    etag: str
    stored_at: float
    """When its age was 0, epoch seconds."""
    expires_at: float
    rate_key: str | None
    rate_limit: int
    endpoint: str
    about: tuple[str, str]
    """For the counters: the tenant, and the first kind of those that it bears."""
    conditional: bool
    """Whether it is a 304 itself, and so an answer to the same condition only."""
    renew_at: float
    """From then on, epoch seconds, the first request that finds it has it made anew."""
    renewals: Iterator[int] = field(default_factory=itertools.count, compare=False)
    """How many have found it so; counting is atomic."""
    dated: list["Dated"] = field(default_factory=list, compare=False)
    """What its last repeat said about the time; one at most."""


@dataclass(frozen=True, slots=True)
class Dated:
    """The headers of every repeat within one second, but for the request ID."""

    second: int
    whole: Headers
    unchanged: Headers
    """Those of a 304."""


def kept(offer: Offer, status: str, headers: Headers, *, path: str, now: float, renew_at: float) -> Answer | None:
    """What is kept of an answer; None for one that is about one session, bears no tag, or cannot be compared.

    Times in epoch seconds.
    """
    fields = {name.lower(): value for name, value in headers}
    if not offer.hot.tags or "set-cookie" in fields or (status.startswith("304") and "etag" not in fields):
        return None
    lasting = [
        (name, value)
        for name, value in headers
        if name.lower() not in _COMPUTED_ANEW and not name.lower().startswith("x-ratelimit-")
    ]
    if path.startswith(GITHUB_SURFACE):
        lasting.append(("X-From-Cache", "1"))
    age = fields.get("age", "0")
    return Answer(
        status=status,
        headers=lasting,
        body=offer.body,
        etag=fields.get("etag", ""),
        stored_at=now - (int(age) if age.isdecimal() else 0),
        expires_at=offer.hot.expires_at,
        rate_key=offer.rate_key,
        rate_limit=offer.rate_limit,
        endpoint=offer.endpoint,
        about=(offer.tenant, foremost_kind(offer.hot.tags)),
        conditional=status.startswith("304"),
        renew_at=renew_at,
    )


def date(answer: Answer, now: float) -> Dated:
    """What is said anew each second. `now` in epoch seconds."""
    headers = [
        *answer.headers,
        ("Age", str(max(0, int(now - answer.stored_at)))),
        ("X-Cache", "HIT"),
        ("Cache-Status", f"hubcache; hit; ttl={int(answer.expires_at - now)}"),
    ]
    unchanged = [(name, value) for name, value in headers if name.lower() != "content-type"]
    return Dated(int(now), [*headers, ("Content-Length", str(len(answer.body)))], unchanged)


def size(key: tuple, answer: Answer) -> int:
    """Roughly the bytes that it takes."""
    texts = sum(len(str(part)) for part in key) + sum(len(name) + len(value) for name, value in answer.headers)
    return len(answer.body) + 2 * texts + 1_000
