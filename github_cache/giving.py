"""What is served as an HTTP answer: whole, compressed or 304, with what caches are told and leave to repeat it."""

import re
import time

from django.http import HttpRequest, HttpResponse

from github_cache import freshness, keys
from github_cache.caller import Caller
from github_cache.repeatable import Hot
from github_cache.serving import Served, not_modified

_TAKES_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")


def controls(request: HttpRequest) -> freshness.Controls:
    """What the client's `Cache-Control`, or its `Pragma`, allows."""
    return freshness.controls(request.META.get("HTTP_CACHE_CONTROL", ""), request.META.get("HTTP_PRAGMA", ""))


def answer(request: HttpRequest, caller: Caller, served: Served, headers: dict[str, str]) -> HttpResponse:
    """The answer, with these headers of its surface, or 304 where the client holds it already."""
    asked = request.META
    reads = request.method in ("GET", "HEAD")
    if reads and not_modified(served, asked.get("HTTP_IF_NONE_MATCH", ""), asked.get("HTTP_IF_MODIFIED_SINCE", "")):
        response = HttpResponse(status=304)
        headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    elif served.gzipped and _TAKES_GZIP.search(asked.get("HTTP_ACCEPT_ENCODING", "")):
        response = HttpResponse(served.gzipped, status=served.status)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = HttpResponse(served.body, status=served.status)
    # Django's own guess: what GitHub gave no type has none.
    del response.headers["Content-Type"]
    for name, value in (headers | served.cache_headers()).items():
        response.headers[name] = value
    response.headers["Cache-Control"] = "private, no-cache"
    # Until it isn't fresh, or a key of the tenant is revoked.
    if caller.tenant is not None and served.tags and served.expires_at > time.time():
        response.hot = Hot(served.tags | {keys.callers(caller.tenant)}, served.expires_at)
    return response
