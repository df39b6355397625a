"""What is served becomes an HTTP answer of the GitHub-compatible surface, and what went wrong one in GitHub's shape."""

import math
import time
from collections.abc import Mapping

import orjson
from django.http import HttpRequest, HttpResponse

from github_cache import gateway, giving
from github_cache.caller import Caller
from github_cache.proxy import quotas, refusals
from github_cache.proxy.audience import NoPinnedCredential, PublicOnly
from github_cache.serving import Outcome, Served
from github_cache.upstream.errors import UpstreamError
from ratelimit.verdict import PRIMARY, SECONDARY, Wait, Why

VARY = "Accept, Authorization, Accept-Encoding, X-GitHub-Api-Version, X-Api-Key"
_MINUTES = SECONDARY | {Why.POINTS, Why.CONTENT, Why.WRITE_GAP}
_TO_THE_RESET = PRIMARY | {Why.EXHAUSTED, Why.RESERVED, Why.TOO_EXPENSIVE, Why.PACE}


def bucket_of(path: str) -> str:
    """The bucket of GitHub's limits that a path draws on."""
    if path.startswith("/search/"):
        return "code_search" if path.startswith("/search/code") else "search"
    return "core"


def respond(request: HttpRequest, caller: Caller, served: Served, bucket: str) -> HttpResponse:
    """The answer, or 304 where the client holds it already."""
    held = served.outcome in (Outcome.HIT, Outcome.STALE)
    known = quotas.lately(caller) if held else quotas.of(caller)
    headers = {**dict(served.headers), **quotas.headers(known.get(bucket), bucket), "Vary": VARY}
    if held:
        headers["X-From-Cache"] = "1"
    return giving.answer(request, caller, served, headers)


def wait(caller: Caller, refused: Wait, bucket: str) -> HttpResponse:
    """GitHub's own refusal for a limit, so that clients' own backoff works; 503 where only we have no room."""
    seconds = max(1, math.ceil(refused.seconds))
    known = quotas.headers(quotas.of(caller).get(bucket), bucket) if refused.why in _TO_THE_RESET | _MINUTES else {}
    if refused.why in _TO_THE_RESET:
        response = refusals.answer(
            403,
            "API rate limit exceeded for the credentials that this request uses.",
            documentation_url=refusals.RATE_LIMIT_DOCUMENTATION,
            retry_after=seconds,
        )
        known = (known or {"X-RateLimit-Resource": bucket}) | {
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(math.ceil(time.time() + refused.seconds)),
        }
    elif refused.why in _MINUTES:
        response = refusals.answer(
            429,
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
            documentation_url=refusals.RATE_LIMIT_DOCUMENTATION + "#about-secondary-rate-limits",
            retry_after=seconds,
        )
    else:
        response = refusals.answer(
            503, "Too many requests wait for GitHub at this moment. Please try again.", retry_after=seconds
        )
    for name, value in known.items():
        response.headers[name] = value
    response.headers["X-Cache"] = str(Outcome.MISS)
    return response


def graphql_wait(caller: Caller, refused: Wait) -> HttpResponse:
    """The same for GraphQL, whose primary limit is a 200 with an error of type RATE_LIMITED."""
    response = wait(caller, refused, "graphql")
    if refused.why in _TO_THE_RESET:
        body = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for the credentials in use."}]}
        response.content = orjson.dumps(body)
        response.status_code = 200
    return response


def failure(caller: Caller, error: Exception) -> HttpResponse:
    """What went wrong on the way, as GitHub would say it. Raises `error` again where it is none of the known ones."""
    if isinstance(error, gateway.NotHeld):
        return refusals.answer(504, str(error))
    if isinstance(error, PublicOnly):
        return refusals.answer(401, str(error))
    if isinstance(error, NoPinnedCredential):
        return (
            refusals.answer(403, str(error))
            if caller.kind != "anonymous"
            else refusals.answer(401, "Requires authentication")
        )
    if isinstance(error, UpstreamError):
        message = error.message if error.status < 500 else f"Hubcache could not get an answer: {error.message}"
        return refusals.answer(error.status, message, retry_after=5 if error.status == 503 else None)
    raise error


def plain(document: object, headers: Mapping[str, str]) -> HttpResponse:
    """A JSON document of our own in GitHub's place."""
    return HttpResponse(orjson.dumps(document), content_type="application/json; charset=utf-8", headers=headers)
