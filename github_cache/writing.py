"""Writes pass through to GitHub with one token, are never stored, and make old what they touched.

Where no answer came back GitHub may have done them all the same: that makes old as much as a success does.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from github_cache import asking, asks, gateway, invalidation, keeping, room, scoping, store
from github_cache.caller import Caller
from github_cache.keys import Scope
from github_cache.proxy.audience import NoPinnedCredential
from github_cache.resources import Match, match
from github_cache.scoping import Place
from github_cache.serving import Outcome, Served
from github_cache.upstream import calls, credentials
from github_cache.upstream.credentials import Bearer
from github_cache.upstream.errors import BadAnswer, Unreachable, UpstreamError
from github_cache.upstream.protocol import Call, Reply
from github_cache.written import about, written
from ratelimit.budget import Lane
from ratelimit.verdict import Wait

# What makes content that notifies people has limits of its own at GitHub.
_CONTENT = ("/issues", "/comments", "/pulls", "/reviews", "/reactions", "/releases", "/statuses")

# What an organisation tells of its repositories.
_OF_OWNERS = frozenset({"repos", "other"})


@dataclass(frozen=True, slots=True)
class Write:
    """A call that changes something: the decoded and checked path, the URL as it is sent, and the body."""

    method: str
    path: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None


def forward(write: Write, caller: Caller) -> Served | Wait:
    """GitHub's answer to a write, after what it touched was invalidated.

    With an API key the tenant's pinned credential writes. Raises NoPinnedCredential and errors.UpstreamError.
    """
    content = write.method == "POST" and write.path.endswith(_CONTENT)
    call = Call(write.method, write.url, write.headers, write.body, kind="content" if content else "write")
    bearer, tenant, found = writer(caller), _tenant(caller), match(about(write.path))
    if scoping.locate(tenant, found) is None:
        # Under its ID things may be kept. Afterwards a deletion or a new name would keep it from being learnt.
        with suppress(UpstreamError):
            gateway.read(asks.repository(caller, found.values).insisting())
    reply = _sent(call, bearer, tenant, lambda: touched(tenant, write.method, write.path))
    return reply if isinstance(reply, Wait) else served(reply, match(write.path))


def mutate(
    body: bytes, caller: Caller, repositories: frozenset[int] | None, headers: tuple[tuple[str, str], ...] = ()
) -> Served | Wait:
    """GitHub's answer to a GraphQL mutation. `repositories` (by ID) are made old, and what organisations tell of them;
    None: whatever the tenant has."""
    call = Call("POST", "/graphql", headers, body, graphql=True, kind="write")
    tenant = _tenant(caller)
    reply = _sent(call, writer(caller), tenant, lambda: _mutated(tenant, repositories))
    return reply if isinstance(reply, Wait) else served(reply, match("/graphql"))


def _mutated(tenant: str, repositories: frozenset[int] | None) -> None:
    if repositories is None:
        scopes = store.get().scopes(tenant)
    else:
        scopes = [Scope("repo", str(id_)) for id_ in repositories]
        invalidation.by_kinds(tenant, dict.fromkeys(_organisations(tenant), _OF_OWNERS))
    for scope in (*scopes, Scope("tenant", tenant)):
        invalidation.by_scope(tenant, scope)


def touched(tenant: str, method: str, path: str) -> None:
    """Invalidates what a successful write to a path may have changed."""
    invalidation.by_kind(tenant, Scope("tenant", tenant), ("other",))
    path = about(path)
    found = match(path)
    if found.route.scope == "tenant":
        return
    place = scoping.locate(tenant, found)
    if place is None:
        # GitHub has just said that there is nothing of that name.
        return
    touches = written(path)
    if touches is not None:
        kinds = {*touches.kinds, "other"}
        invalidation.by_kind(tenant, place.scope, kinds)
    elif method == "DELETE" and found.route.template in ("/repos/{owner}/{repo}", "/orgs/{org}"):
        invalidation.purge_scope(tenant, place.scope)
    else:
        invalidation.by_scope(tenant, place.scope)
    owner_kinds = _OF_OWNERS if touches is None else {*touches.owner_kinds, "other"}
    invalidation.by_kinds(tenant, dict.fromkeys(_owners(tenant, found, place), owner_kinds))


def _owners(tenant: str, found: Match, place: Place) -> list[Scope]:
    """The organisation of a repository; every one of the tenant's where only the ID of the repository is known."""
    if place.owner is not None:
        return [place.owner]
    if "owner" in found.values:
        known = scoping.alias(tenant, "org", found.values["owner"])
        return [known.scope] if known else []
    return _organisations(tenant) if place.scope.kind == "repo" else []


def _organisations(tenant: str) -> list[Scope]:
    return [scope for scope in store.get().scopes(tenant) if scope.kind == "org"]


def served(reply: Reply, found: Match) -> Served:
    """A reply that is not kept, as it goes out."""
    answer = keeping.answer(
        reply.status,
        reply.headers,
        reply.body,
        bearer=reply.bearer,
        route=found.route,
        per_page=None,
        rewriting=asking.rewriting(),
        one_token=True,
    )
    headers = dict(answer.headers)
    if location := reply.headers.get("Location"):
        headers["Location"] = asking.rewriting().location(location)
    return Served(answer.status, tuple(headers.items()), answer.body, Outcome.BYPASS)


def writer(caller: Caller) -> Bearer:
    """The one token that writes for a caller. Raises NoPinnedCredential where there is none."""
    if caller.token is not None:
        return credentials.passthrough(caller.token, _tenant(caller))
    pinned = credentials.pinned(_tenant(caller))
    if pinned is None:
        raise NoPinnedCredential("Writing needs a GitHub token of your own, or a pinned credential of your tenant.")
    return pinned


def _sent(call: Call, bearer: Bearer, tenant: str, done: Callable[[], None]) -> Reply | Wait:
    """GitHub's answer, after `done` where GitHub did what was asked, or may have done it."""
    try:
        with room.seat() as got:
            if not got:
                return room.NO_ROOM
            reply = calls.send(call, tenant=tenant, lane=Lane.INTERACTIVE, bearer=bearer)
    except (BadAnswer, Unreachable) as error:
        if isinstance(error, BadAnswer) or error.sent:
            done()
        raise
    if isinstance(reply, Reply) and reply.status < 300:
        done()
    return reply


def _tenant(caller: Caller) -> str:
    if caller.tenant is None:
        raise ValueError("a caller without a tenant can write nothing")
    return caller.tenant
