"""What is served becomes an answer under /api/v1, and what went wrong a problem."""

import math
from collections.abc import Callable

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request

from github_cache import giving, room
from github_cache.api.problems import Problem
from github_cache.gateway import NotHeld
from github_cache.proxy.audience import NoPinnedCredential, PublicOnly
from github_cache.serving import Served
from github_cache.upstream.errors import Refused, UpstreamError
from ratelimit.verdict import Wait, Why

VARY = "Accept, Authorization, Accept-Encoding, X-Api-Key, Cookie"


def answered(request: Request, read: Callable[[], Served | Wait]) -> HttpResponse:
    """What `read` serves as an answer, or 304. Raises Problem for everything that kept it from being served."""
    try:
        served = room.patiently(read)
    except NotHeld as error:
        raise Problem(504, str(error)) from error
    except PublicOnly as error:
        raise Problem(401, str(error)) from error
    except NoPinnedCredential as error:
        raise Problem(403, str(error)) from error
    except UpstreamError as error:
        more = {"errors": error.errors} if isinstance(error, Refused) and error.errors else {}
        raise Problem(error.status, error.message, retry_after=5 if error.status == 503 else None, **more) from error
    if isinstance(served, Wait):
        raise waiting(served)
    if served.status >= 400:
        raise refused(served)
    return response(request, served)


def waiting(wait: Wait) -> Problem:
    """Not now: 503 where there is no room, 429 where GitHub's limits are used up."""
    seconds = max(1, math.ceil(wait.seconds))
    if wait.why is Why.CONCURRENCY:
        return Problem(503, "Too many requests wait for GitHub at this moment.", retry_after=seconds)
    detail = f"GitHub's limits leave no room for this call now ({wait.why.value}); try again in {seconds} s."
    return Problem(429, detail, retry_after=seconds, reason=wait.why.value)


def refused(served: Served) -> Problem:
    """GitHub's own refusal, with its reason."""
    try:
        told = served.json()
    except ValueError:
        told = {}
    message = told.get("message") if isinstance(told, dict) else None
    more = {"errors": told["errors"]} if isinstance(told, dict) and told.get("errors") else {}
    return Problem(served.status, f"GitHub: {message or 'no reason given'}", **more)


def _next_page(request: Request) -> str:
    """The URL of the page after the one that was asked for."""
    query = request.query_params.copy()
    page = query.get("page", "1")
    query["page"] = str(int(page) + 1 if page.isdecimal() else 2)
    return f"{settings.HUBCACHE_PUBLIC_URL}{request.path}?{query.urlencode()}"


def response(request: Request, served: Served) -> HttpResponse:
    """The stored bytes as they are, and where the next page is."""
    headers = {"Content-Type": "application/json", "Vary": VARY}
    if served.extra.get("more"):
        headers["Link"] = f'<{_next_page(request)}>; rel="next"'
    return giving.answer(request, request.caller, served, headers)
