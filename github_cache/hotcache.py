"""A WSGI wrapper around Django that repeats an answer which the full path just gave, and decides nothing.

It repeats only to the very same identity, host, path and headers, for a few seconds, until the answer expires or
something it bears is invalidated. It steps aside for cookies, ranges, conditions other than If-None-Match, a client's
own Cache-Control, and any method but GET and HEAD. What it bypasses it does itself: 304 and HEAD, the inbound limit,
`Age`, `X-Cache`, `Cache-Status`, the request ID, counters and (sampled) the request log; the host check and the
security headers are those of the answer. Off by HUBCACHE_HOTCACHE_ENABLED; the site is the same without it.

A repeat is a few microseconds, and what takes longest in it is whatever is done once per header: so the names of a
request's headers are looked at once (`Shape`), and after that only fetched.
"""

import hashlib
import itertools
import logging
import math
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from github_cache import listening, metrics, routes
from github_cache.nearcache import NearCache, memory
from github_cache.repeatable import Answer, Headers, Offer, date, kept, size
from github_cache.repeats import repeats
from github_cache.upstream import tally
from ratelimit.limiter import limiter

LONGEST_SECONDS = 2.5
"""An answer is repeated for no longer than this, so that a changed setting and a revoked key count soon."""
RENEWED_BEFORE = 0.5
"""So many seconds before that one request has the answer renewed, while the others still get it repeated."""
TOLD_EVERY = 1.0
"""One repeat in so many seconds is logged, for all since the last."""
MOST_SHAPES = 1_000
"""Sets of header names that are remembered, since clients send the same ones over and over."""
OFFER = "hubcache.offer"

_STEP_ASIDE = frozenset(
    [
        "HTTP_COOKIE",
        "HTTP_RANGE",
        "HTTP_IF_RANGE",
        "HTTP_IF_MATCH",
        "HTTP_IF_MODIFIED_SINCE",
        "HTTP_IF_UNMODIFIED_SINCE",
        "HTTP_CACHE_CONTROL",
        "HTTP_PRAGMA",
    ]
)
# Headers that no answer depends on, or that are treated by themselves here.
_NOT_COMPARED = frozenset(
    [
        "HTTP_AUTHORIZATION",
        "HTTP_X_API_KEY",
        "HTTP_IF_NONE_MATCH",
        "HTTP_X_FORWARDED_FOR",
        "HTTP_USER_AGENT",
        "HTTP_X_REQUEST_ID",
        "HTTP_CONNECTION",
        "HTTP_KEEP_ALIVE",
        "HTTP_TE",
        "HTTP_DNT",
        "HTTP_PRIORITY",
        "HTTP_TRACEPARENT",
        "HTTP_TRACESTATE",
        "HTTP_BAGGAGE",
        "HTTP_SENTRY_TRACE",
        "HTTP_X_AMZN_TRACE_ID",
    ]
)
_ALWAYS = ("wsgi.url_scheme", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING")
_IDENTITY = ("HTTP_AUTHORIZATION", "HTTP_X_API_KEY")
_ADDRESS = ("REMOTE_ADDR", "HTTP_X_FORWARDED_FOR")
_ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')
log = logging.getLogger("hubcache.request")


class OfferMiddleware:
    """Outermost on Django's side, since only there a response is an object: passes `response.hot` to the wrapper."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        hot = getattr(response, "hot", None)
        if hot is not None and not response.streaming:
            rate, caller = getattr(request, "rate", None), getattr(request, "caller", None)
            request.META[OFFER] = Offer(
                hot,
                response.content,
                rate.key if rate else None,
                (rate.limit if rate else None) or 0,
                getattr(caller, "tenant", None) or "",
                routes.of(request),
            )
        return response


class Shape(NamedTuple):
    """What the names in a request's environment say; clients send the same ones over and over."""

    repeated: bool
    """Whether there is any repeat."""
    meaning: int
    """Stands for the names in which a repeat has to agree, the identity's included."""
    compared: Callable[[Mapping[str, Any]], tuple]
    identity: Callable[[Mapping[str, Any]], str] | None
    """The secret that says who asks; None for nobody."""
    conditional: bool
    """Whether there is a condition."""
    sized: bool
    """Whether it says how long its body is."""


class HotCache:
    """The wrapper. `near` is its memory; `clock` gives epoch seconds."""

    def __init__(
        self,
        application: WSGIApplication,
        near: NearCache[Answer] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._application = application
        self._near: Callable[[], NearCache[Answer]] = memory if near is None else lambda: near
        self._clock = clock
        self._enabled = settings.HUBCACHE_HOTCACHE_ENABLED
        # Some servers put the whole environment of the process into each request's.
        self._not_headers = _NOT_COMPARED | {name for name in os.environ if not name.startswith("HTTP_")}
        self._by_address = bool(settings.RATELIMIT_EXEMPT)
        self._repeats = itertools.count(1)
        self._told, self._told_at = 0, 0.0
        self._shapes: dict[tuple[str, ...], Shape] = {}
        self._meanings: dict[tuple[str, ...], int] = {}
        self._next_meaning = itertools.count()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        names = tuple(environ)
        shape = self._shapes.get(names) or self._shape(names)
        if not shape.repeated or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._application(environ, start_response)
        if shape.sized and (environ["CONTENT_LENGTH"] or "0") != "0":
            return self._application(environ, start_response)
        # What a repeat has to agree in
        identity = None
        if shape.identity is not None:
            secret = shape.identity(environ).encode("utf-8", "surrogatepass")
            identity = hashlib.blake2b(secret, digest_size=32).digest()
        key = identity, shape.meaning, shape.compared(environ)
        now = self._clock()
        answer = self._near().get(key, now)
        if answer is not None and not (now >= answer.renew_at and next(answer.renewals) == 0):
            again = self._repeat(answer, shape, environ, now, start_response)
            if again is not None:
                return again
        return self._asked(key, environ, start_response)

    def _shape(self, names: tuple[str, ...]) -> Shape:
        if len(self._shapes) >= MOST_SHAPES:
            self._shapes.clear()
            self._meanings.clear()
        headers = sorted(name for name in names if name.startswith("HTTP_") and name not in self._not_headers)
        secrets = [name for name in _IDENTITY if name in names]
        addresses = [name for name in _ADDRESS if name in names and (self._by_address or not secrets)]
        compared = [*(name for name in _ALWAYS if name in names), *headers, *addresses]
        shape = self._shapes[names] = Shape(
            self._enabled and _STEP_ASIDE.isdisjoint(headers),
            self._meanings.setdefault((*compared, "", *secrets), next(self._next_meaning)),
            itemgetter(*compared),
            _secret(secrets),
            "HTTP_IF_NONE_MATCH" in names,
            "CONTENT_LENGTH" in names,
        )
        return shape

    def _repeat(
        self, answer: Answer, shape: Shape, environ: WSGIEnvironment, now: float, start_response: StartResponse
    ) -> Iterable[bytes] | None:
        """The answer again; None where the full path has to say what the limit or a condition comes to."""
        unchanged = False
        if shape.conditional or answer.conditional:
            condition = environ.get("HTTP_IF_NONE_MATCH")
            unchanged = condition is not None and _matches(condition, answer.etag)
            if not unchanged and (answer.conditional or condition == "*"):
                return None
        if answer.rate_key is not None:
            limit = limiter()
            if not limit.covered(answer.rate_key, answer.rate_limit, now) and (
                not limit.spend_leased(answer.rate_key, answer.rate_limit).allowed
            ):
                return None
        repeats().add(answer.about)
        dated = answer.dated[0] if answer.dated else None
        if dated is None or dated.second != int(now):
            dated = date(answer, now)
            answer.dated[:] = [dated]
        request_id = tally.request_id(environ)
        number = next(self._repeats)
        if now >= self._told_at + TOLD_EVERY:
            one_in, self._told, self._told_at = number - self._told, number, now
            seconds = max(0.0, self._clock() - now)
            _tell(answer, environ, request_id, 304 if unchanged else int(answer.status[:3]), seconds, one_in)
        # A list of one, which servers send at one go; they ask any other iterable for more.
        if unchanged:
            start_response("304 Not Modified", [*dated.unchanged, ("X-Request-Id", request_id)])
            return []
        start_response(answer.status, [*dated.whole, ("X-Request-Id", request_id)])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _asked(self, key: tuple, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Lets Django answer, and keeps what it allows to be repeated."""
        begun = self._near().mark()
        given: list[Any] = ["", []]

        def started(status: str, headers: Headers, *more: Any) -> Any:
            given[:] = status, headers
            return start_response(status, headers, *more)

        result = self._application(environ, started)
        offer: Offer | None = environ.pop(OFFER, None)
        if offer is not None and environ["REQUEST_METHOD"] == "GET":
            listening.start()
            now = self._clock()
            until = min(offer.hot.expires_at, now + LONGEST_SECONDS)
            # To renew what ends because it expires would be to ask GitHub before the time.
            renew_at = until - RENEWED_BEFORE if until < offer.hot.expires_at else math.inf
            answer = kept(offer, *given, path=environ["PATH_INFO"], now=now, renew_at=renew_at)
            before = self._near().get(key, now)
            if answer is not None and (not answer.conditional or before is None or before.conditional):
                self._near().put(key, answer, size=size(key, answer), tags=offer.hot.tags, expires_at=until, mark=begun)
        return result


def _secret(names: list[str]) -> Callable[[Mapping[str, Any]], str] | None:
    """What fetches the secrets of these names, in an unambiguous form."""
    fetch = itemgetter(*names) if names else None
    return fetch if fetch is None or len(names) == 1 else lambda environ: repr(fetch(environ))


def _tell(answer: Answer, environ: WSGIEnvironment, request_id: str, status: int, seconds: float, one_in: int) -> None:
    """The log line and the time of a repeat that stands for `one_in` of them."""
    metrics.HOT_SECONDS.labels(answer.endpoint).observe(seconds)
    about = {"method": environ["REQUEST_METHOD"], "path": environ["PATH_INFO"], "status": status}
    cost = {"milliseconds": round(seconds * 1000, 3), "upstream_calls": 0, "cost": 0, "one_in": one_in}
    told = {"request_id": request_id, "tenant": answer.about[0], "outcome": "HIT", "repeated": True}
    log.info("request", extra={**about, **told, **cost})


def _matches(condition: str, etag: str) -> bool:
    """Weak comparison of If-None-Match (RFC 9110, 13.1.2) with the answer's tag; `*` is left to the full path."""
    own = _ENTITY_TAG.fullmatch(etag)
    return own is not None and (condition == etag or own[1] in _ENTITY_TAG.findall(condition))
