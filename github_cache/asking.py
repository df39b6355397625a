"""Asking GitHub what an ask asks: one attempt, whatever the surface; nothing is read from the store or kept here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import orjson
from django.conf import settings

from github_cache import keeping, scoping
from github_cache.asks import Ask, Graphql, Http, Typed
from github_cache.entries import Validators
from github_cache.keeping import Answer
from github_cache.keys import Scope
from github_cache.proxy import audience
from github_cache.proxy.rewriting import Rewriting
from github_cache.scoping import place_of
from github_cache.upstream import calls, credentials, errors, fetching
from github_cache.upstream.credentials import Bearer
from github_cache.upstream.fetched import Fetched, NotModified
from github_cache.upstream.protocol import Call
from ratelimit.budget import Lane
from ratelimit.verdict import Wait

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Asked:
    """What GitHub said. `answer` is None where it said 304. `scope`, `owner` and `public` are what the answer tells of
    the repository or organisation that was named; `keep` is False for what must not be stored."""

    answer: Answer | None
    scope: Scope | None = None
    owner: Scope | None = None
    public: bool | None = None
    name: str = ""
    keep: bool = True
    extra: Mapping[str, Any] = field(default_factory=dict)


@lru_cache(maxsize=4)
def _rewriting(github: str, public: str) -> Rewriting:
    return Rewriting(github, f"{public}/api/v3")


def rewriting() -> Rewriting:
    """From GitHub's addresses to ours, by the settings."""
    return _rewriting(settings.GITHUB_API_URL, settings.HUBCACHE_PUBLIC_URL)


def bearer_of(ask: Ask) -> Bearer | None:
    """Whose token asks: the caller's own, the pinned credential for what belongs to one user, None for the pool.

    Raises audience.NoPinnedCredential.
    """
    if ask.caller.token is not None:
        return credentials.passthrough(ask.caller.token, ask.tenant)
    if ask.route.audience is not audience.Audience.USER_RELATIVE:
        return None
    pinned = credentials.pinned(ask.tenant)
    if pinned is None:
        raise audience.NoPinnedCredential
    return pinned


def github(ask: Ask, known: Validators | None, lane: Lane) -> Asked | Wait:
    """GitHub's answer, asked with the validators that are held. Raises errors.UpstreamError where there is none."""
    match ask.target:
        case Http():
            return _http(ask, ask.target, known, lane)
        case Typed():
            return _typed(ask, ask.target, known, lane)
        case Graphql():
            return _graphql(ask, ask.target, lane)


def _http(ask: Ask, target: Http, known: Validators | None, lane: Lane) -> Asked | Wait:
    headers = [("Accept", target.accept)]
    if target.api_version:
        headers.append(("X-GitHub-Api-Version", target.api_version))
    if known is not None:
        if known.etag:
            headers.append(("If-None-Match", known.etag))
        elif known.last_modified:
            headers.append(("If-Modified-Since", known.last_modified))
    call = Call("GET", target.url, headers=tuple(headers))
    reply = calls.send(
        call, tenant=ask.tenant, lane=lane, bearer=bearer_of(ask), prefer=known.bearer if known is not None else None
    )
    if isinstance(reply, Wait):
        return reply
    if reply.status == 304:
        return Asked(None)
    answer = keeping.answer(
        reply.status,
        reply.headers,
        reply.body,
        bearer=reply.bearer,
        route=ask.route,
        per_page=target.parameter("per_page"),
        rewriting=rewriting(),
        one_token=ask.caller.token is not None,
    )
    if reply.status == 200 and ask.names:
        return _naming(answer, reply.body)
    return Asked(answer)


def _naming(answer: Answer, body: bytes) -> Asked:
    """An answer that tells what a name means, read."""
    try:
        told: dict[str, Any] = orjson.loads(body)
        scope, owner, private = place_of(told)
    except ValueError:
        return Asked(answer, keep=False)
    return Asked(answer, scope, owner, not private, told.get("full_name") or told.get("login") or "")


def _typed(ask: Ask, target: Typed, known: Validators | None, lane: Lane) -> Asked | Wait:
    try:
        fetched = fetching.fetch(
            target.resource, target.mapping, tenant=ask.tenant, lane=lane, bearer=bearer_of(ask), known=known
        )
    except (errors.NotFound, errors.Gone) as error:
        return Asked(_refused(error.status, error.message))
    if isinstance(fetched, Wait):
        return fetched
    if isinstance(fetched, NotModified):
        return Asked(None)
    return _read(ask, target, fetched)


def github_many(asks: Sequence[Ask], lane: Lane) -> list[Asked | errors.UpstreamError] | Wait:
    """The same for several asks of one resource of the typed API and one tenant, for the pool, in batches.

    Raises errors.UpstreamError for what concerns all of them.
    """
    targets = [ask.target for ask in asks if isinstance(ask.target, Typed)]
    many = [target.mapping for target in targets]
    fetched = fetching.fetch_many(targets[0].resource, many, tenant=asks[0].tenant, lane=lane)
    if isinstance(fetched, Wait):
        return fetched
    found: list[Asked | errors.UpstreamError] = []
    for ask, target, each in zip(asks, targets, fetched, strict=True):
        if isinstance(each, errors.NotFound | errors.Gone):
            found.append(Asked(_refused(each.status, each.message)))
        else:
            found.append(each if isinstance(each, errors.UpstreamError) else _read(ask, target, each))
    return found


def _read(ask: Ask, target: Typed, fetched: Fetched) -> Asked:
    """What was fetched, as an answer."""
    body = orjson.dumps(fetched.value)
    answer = Answer(
        200,
        (("Content-Type", JSON),),
        body,
        fetched.validators,
        fit=True,
        etag=keeping.entity_tag(body, fetched.source),
    )
    params = target.mapping
    name = f"{params['owner']}/{params['repo']}" if "owner" in params else params.get("org", "")
    extra = {"more": True} if fetched.more else {}
    owner = _owner(ask.tenant, fetched.value) if target.resource == "repository" else None
    return Asked(answer, fetched.scope, owner, fetched.public, name, keep=fetched.complete, extra=extra)


def _owner(tenant: str, repository: Any) -> Scope | None:
    """The organisation that a normalised repository belongs to, where its name was heard of."""
    place = scoping.alias(tenant, "org", repository["owner"]["login"])
    return place.scope if place else None


def _refused(status: int, message: str) -> Answer:
    return Answer(status, (("Content-Type", JSON),), orjson.dumps({"message": message}), None, fit=True, etag="")


def _graphql(ask: Ask, target: Graphql, lane: Lane) -> Asked | Wait:
    body = b'{"query":%s,"variables":%s%s}' % (
        orjson.dumps(target.document),
        target.variables.encode(),
        b',"operationName":' + orjson.dumps(target.operation) if target.operation else b"",
    )
    call = Call("POST", "/graphql", target.headers, body, graphql=True)
    reply = calls.send(call, tenant=ask.tenant, lane=lane, bearer=bearer_of(ask))
    if isinstance(reply, Wait):
        return reply
    answer = keeping.answer(
        reply.status,
        reply.headers,
        reply.body,
        bearer=reply.bearer,
        route=ask.route,
        per_page=None,
        rewriting=rewriting(),
        one_token=ask.caller.token is not None,
    )
    try:
        told = orjson.loads(reply.body)
        keep = reply.status == 200 and isinstance(told, dict) and not told.get("errors") and "data" in told
    except ValueError:
        keep = False
    return Asked(replace(answer, validators=None), keep=keep)
