"""One log line per request, its time by route, and an ID that goes along to tasks and to GitHub.

Hits are many and alike, so one in HIT_SAMPLE is logged; everything else is, 5xx as ERROR, 429 and 503 as WARNING.
"""

import itertools
import logging
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from config import metrics
from github_cache import routes
from github_cache.upstream import tally

HIT_SAMPLE = 100
LIMITED = frozenset({429, 503})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
log = logging.getLogger("hubcache.request")


class RequestLog:
    """The middleware. The ID is the caller's own `X-Request-Id` where that is harmless; the answer bears it too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._hits = itertools.count()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = tally.request_id(request.META)
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id), tally.opened(request_id) as asked:
            response = self.get_response(request)
            seconds = time.perf_counter() - started
            endpoint = routes.of(request)
            method = request.method if request.method in METHODS else "other"
            metrics.http_seconds(endpoint, method, response.status_code).observe(seconds)
            if asked.calls:
                metrics.HTTP_CALLS.labels(endpoint).inc(asked.calls)
            self._tell(request, response, seconds, asked)
        response.headers["X-Request-Id"] = request_id
        return response

    def _tell(self, request: HttpRequest, response: HttpResponse, seconds: float, asked: tally.Tally) -> None:
        outcome = response.get("X-Cache")
        one_in = HIT_SAMPLE if outcome == "HIT" and response.status_code < 400 else 1
        if one_in > 1 and next(self._hits) % one_in:
            return
        caller = getattr(request, "caller", None)
        log.log(
            level_of(response.status_code),
            "request",
            extra={
                "method": request.method,
                "path": request.path,
                "status": response.status_code,
                "milliseconds": round(seconds * 1000, 2),
                "tenant": caller.tenant if caller else None,
                "outcome": outcome,
                "upstream_calls": asked.calls,
                "cost": asked.cost,
                "one_in": one_in,
            },
        )


def level_of(status: int) -> int:
    """WARNING for limits, ERROR for failures, INFO for everything else."""
    if status in LIMITED:
        return logging.WARNING
    return logging.ERROR if status >= 500 else logging.INFO
