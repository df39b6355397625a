"""`/api/v3/…` and `/api/graphql`: GitHub itself, for any client, unmodified."""

import time
from collections.abc import Set

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from github_cache import asks, freshness, gateway, giving, room, writing
from github_cache.asks import Ask, Graphql
from github_cache.caller import Caller
from github_cache.keys import ScopeKind
from github_cache.models import ApiKey
from github_cache.proxy import answers, graphql, incoming, paths, quotas, refusals, streams
from github_cache.proxy.audience import NoPinnedCredential, PublicOnly
from github_cache.proxy.graphql import Wish
from github_cache.resources import GRAPHQL, Audience, Match
from github_cache.serving import Served
from github_cache.upstream.errors import TooLarge, UpstreamError
from github_cache.upstream.protocol import Call
from ratelimit.verdict import Wait

PREFIX = "/api/v3"
READS, WRITES = frozenset({"GET", "HEAD"}), frozenset({"POST", "PUT", "PATCH", "DELETE"})
_PASSED_ON = ("Accept", "Content-Type", "X-GitHub-Api-Version", "If-Match", "X-GitHub-OTP")
_ASKED_WITH = ("Accept", "X-GitHub-Api-Version", "Range", "If-Range", "If-None-Match", "If-Modified-Since")
_GRAPHQL_VARIES_BY = ("Accept", "GraphQL-Features", "X-Github-Next-Global-ID")


@csrf_exempt
def rest(request: HttpRequest) -> HttpResponseBase:
    """Any path of GitHub's REST API."""
    caller: Caller = request.caller
    method = request.method or ""
    if method not in READS | WRITES:
        return _not_allowed("Method Not Allowed", READS | WRITES)
    if (refusal := _refusal(caller, ApiKey.Scope.READ if method in READS else ApiKey.Scope.WRITE)) is not None:
        return refusal
    path = request.path_info[len(PREFIX) :] or "/"
    query = request.META.get("QUERY_STRING", "")
    try:
        url = paths.checked(path, query)
        if method in WRITES:
            write = writing.Write(
                method, path, url, incoming.headers(request, _PASSED_ON), incoming.body(request) or None
            )
            return _answered(
                request, caller, room.patiently(lambda: writing.forward(write, caller)), answers.bucket_of(path)
            )
        if path == "/rate_limit":
            return answers.plain(quotas.document(quotas.of(caller), time.time()), {"Cache-Control": "no-store"})
        accept = request.META.get("HTTP_ACCEPT", "")
        ask = asks.http(
            caller,
            path,
            query,
            accept=accept,
            api_version=request.META.get("HTTP_X_GITHUB_API_VERSION", ""),
            controls=giving.controls(request),
        )
        # A Range of anything else is left out of account (RFC 9110, 14.2): a part of a body cannot be rewritten.
        if streams.is_stream(path, accept):
            return streams.passed(_streamed(request, method, url), ask)
        try:
            answer = room.patiently(lambda: gateway.read(ask))
        except TooLarge:
            # A large file, asked for raw.
            return streams.passed(_streamed(request, method, url), ask)
        return _answered(request, caller, answer, answers.bucket_of(path))
    except (UpstreamError, NoPinnedCredential, PublicOnly, gateway.NotHeld) as error:
        return answers.failure(caller, error)
    except RequestDataTooBig:
        return refusals.answer(413, "The request's body is larger than HUBCACHE_MAX_BODY_BYTES allows.")


def _streamed(request: HttpRequest, method: str, url: str) -> Call:
    return Call(method, url, incoming.headers(request, _ASKED_WITH))


@csrf_exempt
def graphql_endpoint(request: HttpRequest) -> HttpResponseBase:
    """GitHub's GraphQL API: queries by way of the cache, everything else passed through."""
    caller: Caller = request.caller
    if request.method != "POST":
        return _not_allowed("GraphQL is asked with POST.", {"POST"})
    if (refusal := _refusal(caller, ApiKey.Scope.READ)) is not None:
        return refusal
    try:
        body = incoming.body(request)
        wanted = graphql.read(body)
        if wanted.wish is Wish.MUTATION:
            if (refusal := _refusal(caller, ApiKey.Scope.WRITE)) is not None:
                return refusal
            touched = graphql.repositories_touched(wanted)
            answer = room.patiently(lambda: writing.mutate(body, caller, touched, _graphql_headers(request)))
        else:
            ask = _graphql_ask(request, caller, wanted)
            answer = room.patiently(lambda: gateway.read(ask))
    except graphql.Unreadable as error:
        return refusals.answer(400, str(error), documentation_url=refusals.GRAPHQL_DOCUMENTATION)
    except (UpstreamError, NoPinnedCredential, PublicOnly, gateway.NotHeld) as error:
        return answers.failure(caller, error)
    except RequestDataTooBig:
        return refusals.answer(413, "The request's body is larger than HUBCACHE_MAX_BODY_BYTES allows.")
    if isinstance(answer, Wait):
        return answers.graphql_wait(caller, answer)
    return answers.respond(request, caller, answer, "graphql")


def _graphql_ask(request: HttpRequest, caller: Caller, wanted: graphql.Request) -> Ask:
    """What is passed on is neither looked up nor kept, as if the client had said `no-store`."""
    values = wanted.scope or {}
    scope: ScopeKind = ("repo" if "repo" in values else "org") if values else "tenant"
    route = GRAPHQL[scope, Audience.USER_RELATIVE if wanted.viewer else Audience.IDENTITY]
    client = giving.controls(request)
    if wanted.wish is Wish.AS_IS:
        client = freshness.Controls(no_store=True)
    target = Graphql(wanted.document, wanted.variables, wanted.operation, _graphql_headers(request))
    return Ask(caller, caller.tenant or "", target, Match(route, values), client)


def _graphql_headers(request: HttpRequest) -> tuple[tuple[str, str], ...]:
    """What GraphQL's answer varies by; all spellings of GitHub's plain JSON are as if nothing was said."""
    given = incoming.headers(request, _GRAPHQL_VARIES_BY)
    return tuple(pair for pair in given if pair[0] != "Accept" or asks.media_types(pair[1]) != asks.PLAIN_JSON)


def _not_allowed(message: str, methods: Set[str]) -> HttpResponse:
    """405 says what else there is (RFC 9110, 15.5.6)."""
    response = refusals.answer(405, message)
    response.headers["Allow"] = ", ".join(sorted(methods))
    return response


def _refusal(caller: Caller, scope: str) -> HttpResponse | None:
    """Why this caller may not do what needs `scope`; None if it may. GitHub judges its own tokens itself."""
    if caller.tenant is None:
        return refusals.answer(401, "Requires authentication")
    if caller.kind == "session" and scope != ApiKey.Scope.READ:
        # A browser's cookie comes along by itself; this surface has no page that could hold a token against that.
        return refusals.answer(403, "Writing here needs an API key or a GitHub token.")
    if caller.kind != "token" and scope not in caller.scopes:
        status = 401 if caller.kind == "anonymous" else 403
        return refusals.answer(status, f"This needs an API key with the scope {str(scope)!r}.")
    return None


def _answered(request: HttpRequest, caller: Caller, answer: Served | Wait, bucket: str) -> HttpResponse:
    if isinstance(answer, Wait):
        return answers.wait(caller, answer, bucket)
    return answers.respond(request, caller, answer, bucket)
