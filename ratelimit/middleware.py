"""The inbound limit around every request: by address until it is known who calls, by identity from then on.

`AddressLimitMiddleware` stands before sessions and identity. It counts callers without credentials by address, and
takes every credential that this process has not seen succeed as a failure beforehand; `RateLimitMiddleware`, right
after identity, gives that back and counts the caller by identity. So a flood of wrong keys is refused exactly like a
flood of none, however many requests are under way at once.

What the rules count by, in their order: `operations` (health and metrics, by address), `address` (no credentials),
`failed` (credentials that were refused, by address), `caller` (by identity).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from ratelimit import deferred, live, metrics
from ratelimit.client_ip import Address, bucket_of, client_address, networks, within
from ratelimit.deferred import Deferred, Exceeded
from ratelimit.limiter import Decision, Limiter, caller_key, lease_size, limiter

GITHUB_SURFACE = ("/api/v3", "/api/graphql")
"""Answers here carry GitHub's numbers, so ours stay out of them."""

READ_FIRST = re.compile("/api/v3/|/api/v1/(github/|search$|facets|stats$)")
"""What begins with a read of the store, which can count the request in the same trip to Redis (see deferred.py)."""
SAFE = frozenset({"GET", "HEAD"})

OPERATIONS = ("/health", "/metrics")
OPERATIONS_REQUESTS = 600
"""What probes and scrapers may ask per window and address."""

REMEMBERED_UP_TO = 200
"""Characters of an `X-Forwarded-For` that is not read again each time; anybody may send a long one."""
KNOWN_GOOD_SECONDS = 300.0
MOST_KNOWN_GOOD = 10_000

Handler = Callable[[HttpRequest], HttpResponseBase]


class Caller(Protocol):
    """What the identity middleware puts on the request as `caller`; `kind` "anonymous" is nobody."""

    kind: str
    identity: str
    limit: int | None


@dataclass(slots=True)
class Rate:
    """What the limit knows of one request, as `request.rate`. `key` and `limit` are those it was counted by, for
    whoever wants to refund, penalise or repeat it; they are None until it was."""

    address: Address | None
    limiter: Limiter
    credential: bytes | None = field(default=None, repr=False)
    defers: bool = False
    foretaken: str | None = None
    key: str | None = None
    limit: int | None = None
    decision: Decision | None = None
    _deferred: tuple[str, Deferred] | None = field(default=None, repr=False)

    @property
    def refused(self) -> Decision | None:
        """The decision, if it refuses the request."""
        return None if self.decision is None or self.decision.allowed else self.decision

    def spend(self, rule: str, name: str, limit: int) -> None:
        """Count the request under a rule."""
        self.key, self.limit = caller_key(rule, name), limit
        self._decide(rule, self.limiter.spend_leased(self.key, limit))

    def spend_late(self, rule: str, name: str, limit: int) -> None:
        """The same, but in the trip that reads what is asked for, where there will be one."""
        if not (self.defers and self.limiter.shared and lease_size(limit) == 1):
            self.spend(rule, name, limit)
        else:
            self.key, self.limit = caller_key(rule, name), limit
            self._deferred = rule, deferred.put_off(self.limiter, self.key, limit)

    def settle(self) -> None:
        """Count what was put off."""
        if self._deferred is not None:
            rule, spend = self._deferred
            self._decide(rule, spend.settled())

    def _decide(self, rule: str, decision: Decision) -> None:
        self.decision = decision
        metrics.inbound(rule, "refused" if self.refused else "allowed").inc()


class AddressLimitMiddleware:
    """Before identity. Sets `request.client_address` (str), `request.rate` and `request.rate_key` (both None where the
    caller is exempt or the limit is off)."""

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response
        trusted, exempt = networks(settings.TRUSTED_PROXIES), networks(settings.RATELIMIT_EXEMPT)

        @lru_cache(maxsize=1024)
        def origin(peer: str, forwarded: str) -> tuple[Address | None, bool]:
            """Who is calling, and whether the limit holds for them: a client's requests come from one place."""
            address = client_address(peer, forwarded, trusted)
            return address, address is None or not within(address, exempt)

        self._origin = origin

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
        origin = self._origin if len(forwarded) <= REMEMBERED_UP_TO else self._origin.__wrapped__
        address, limited = origin(request.META.get("REMOTE_ADDR", ""), forwarded)
        request.client_address = str(address or "")
        request.rate = request.rate_key = None
        if not (settings.RATELIMIT_ENABLED and limited):
            return self._get_response(request)
        rate = Rate(address, limiter(), defers=request.method in SAFE and READ_FIRST.match(request.path) is not None)
        request.rate = rate
        with deferred.within():
            return self._limited(request, rate)

    def _limited(self, request: HttpRequest, rate: Rate) -> HttpResponseBase:
        _count_before_identity(request, rate)
        request.rate_key = rate.key
        if rate.refused:
            return refusal(request, rate.refused)
        response = self._get_response(request)
        _settle_credential(rate, response.status_code)
        rate.settle()
        if rate.refused:
            return refusal(request, rate.refused)
        if rate.decision is not None and not request.path.startswith(GITHUB_SURFACE):
            for name, value in rate.decision.headers().items():
                response[name] = value
        return response


class RateLimitMiddleware:
    """After identity: counts by `request.caller` what was not counted by address before."""

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        rate: Rate | None = getattr(request, "rate", None)
        if rate is not None and rate.key is None:
            _count_after_identity(rate, getattr(request, "caller", None))
            request.rate_key = rate.key
            if rate.refused:
                return refusal(request, rate.refused)
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The answer to what was found to be over the limit after it had been let on."""
        return refusal(request, exception.decision) if isinstance(exception, Exceeded) else None


def _count_before_identity(request: HttpRequest, rate: Rate) -> None:
    address = bucket_of(rate.address)
    if request.path.startswith(OPERATIONS):
        rate.spend("operations", address, OPERATIONS_REQUESTS)
        return
    anonymous = live.policy().anonymous_requests
    credential = request.META.get("HTTP_AUTHORIZATION") or request.META.get("HTTP_X_API_KEY")
    if credential is not None:
        rate.credential = _known_good.digest(credential)
        if not _known_good.holds(rate.credential):
            rate.spend("failed", address, anonymous)
            if not rate.refused:
                rate.foretaken, rate.key, rate.limit, rate.decision = rate.key, None, None, None
    elif settings.SESSION_COOKIE_NAME not in request.COOKIES:
        rate.spend_late("address", address, anonymous)


def _count_after_identity(rate: Rate, caller: Caller | None) -> None:
    policy = live.policy()
    if caller is None or caller.kind == "anonymous":
        rate.spend_late("address", bucket_of(rate.address), policy.anonymous_requests)
        return
    if rate.credential is not None:
        _known_good.add(rate.credential)
    _give_back(rate)
    limit = policy.authenticated_requests if caller.limit is None else caller.limit
    rate.spend_late("caller", caller.identity, limit)


def _settle_credential(rate: Rate, status: int) -> None:
    """A credential that was refused stays counted, or is counted now if it was taken for good before; one that
    could not be judged (GitHub was away, say) is not counted."""
    if rate.credential is None:
        return
    if status not in (401, 403):
        _give_back(rate)
    elif status == 401:
        _known_good.discard(rate.credential)
        if rate.foretaken is None:
            rate.limiter.penalise(caller_key("failed", bucket_of(rate.address)))
        metrics.inbound("failed", "counted").inc()


def _give_back(rate: Rate) -> None:
    if rate.foretaken is not None:
        rate.limiter.refund(rate.foretaken)
        rate.foretaken = None


def refusal(request: HttpRequest, decision: Decision) -> HttpResponse:
    """429 with `Retry-After`: on the GitHub-compatible surface in GitHub's shape, and in words that its clients know;
    as a problem (RFC 9457) elsewhere."""
    seconds = max(math.ceil(decision.retry_after), 1)
    if request.path.startswith(GITHUB_SURFACE):
        body: dict[str, object] = {
            "message": f"You have exceeded a secondary rate limit of this cache. Please wait {seconds} seconds.",
            "documentation_url": "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"
            "#about-secondary-rate-limits",
        }
        response = HttpResponse(json.dumps(body), status=429, content_type="application/json; charset=utf-8")
        response["Retry-After"] = str(seconds)
    else:
        body = {
            "type": "about:blank",
            "title": "Too Many Requests",
            "status": 429,
            "detail": f"{decision.limit} requests are allowed in {settings.RATELIMIT_WINDOW} s; "
            f"try again in {seconds} s.",
        }
        response = HttpResponse(
            json.dumps(body), status=429, content_type="application/problem+json", headers=decision.headers()
        )
    response["Cache-Control"] = "no-store"
    return response


class _KnownGood:
    """Credentials that lately succeeded in this process, as keyed digests that mean nothing outside it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._secret = secrets.token_bytes(16)
        self._until: OrderedDict[bytes, float] = OrderedDict()
        self._clock = clock
        self._lock = threading.Lock()

    def digest(self, credential: str) -> bytes:
        return hashlib.blake2b(credential.encode("utf-8", "replace"), key=self._secret, digest_size=16).digest()

    def holds(self, digest: bytes) -> bool:
        return self._until.get(digest, 0.0) > self._clock()

    def add(self, digest: bytes) -> None:
        with self._lock:
            self._until[digest] = self._clock() + KNOWN_GOOD_SECONDS
            if len(self._until) > MOST_KNOWN_GOOD:
                self._until.popitem(last=False)

    def discard(self, digest: bytes) -> None:
        with self._lock:
            self._until.pop(digest, None)


_known_good = _KnownGood()
