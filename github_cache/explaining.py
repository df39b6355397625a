"""Why a URL is fresh or stale, who may be given what is held, when it was fetched, and what would drop it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from github_cache import asks, clearing, freshness, holding, hooks
from github_cache.asks import Ask
from github_cache.freshness import Decision
from github_cache.holding import Kept, Look
from github_cache.proxy.audience import POOL, SHARED
from github_cache.resources import ACCESS, KINDS, Audience, ttl_setting
from ratelimit import live
from ratelimit.live import Policy

_WHO = {
    Audience.SAME_FOR_EVERYONE: "everyone of the tenant, while GitHub shows the repository as public; "
    "else callers with an API key, and each token what it fetched itself",
    Audience.IDENTITY: "callers with an API key what the tenant's pool fetched, and each token what it fetched itself",
    Audience.USER_RELATIVE: "the very token that fetched it; with an API key the pinned credential's",
}
_WHOSE = {POOL: "fetched by the tenant's pool", SHARED: "shared by a token"}
_WHAT = {
    Decision.FRESH: "it is given out without asking GitHub",
    Decision.SERVE_STALE: "it is given out once more, while GitHub is asked in the background",
    Decision.REVALIDATE: "GitHub is asked whether it still holds, which costs nothing if it does",
    Decision.MISS: "GitHub is asked for it",
}


def explain(tenant: str, url: str, now: float) -> Iterator[str]:
    """Lines of text about a URL of GitHub's REST API, ours or theirs, as a caller with an API key would meet it.

    Raises errors.BadCall for what is no such URL, audience.NoPinnedCredential.
    """
    policy = live.policy()
    ask = clearing.of_url(asks.pool_caller(tenant), url)
    found = holding.look(ask, now, policy)
    yield f"path:       {ask.target.url}" if isinstance(ask.target, asks.Http) else ""
    yield f"kind:       {ask.route.kind} of a {ask.route.scope}, by the route {ask.route.template}"
    yield f"may see it: {_WHO[ask.route.audience]}"
    yield f"lifetime:   {_lifetime(ask, found, policy)}"
    yield from _place(ask, found, now)
    yield from _held(found, now)
    yield f"next read:  {_WHAT[found.decision]}"
    yield f"dropped by: {_events(ask)}"


def _lifetime(ask: Ask, found: Look, policy: Policy) -> str:
    if ask.route.revalidate:
        return "none: GitHub is asked at every read, since the path is not in the table or is always asked about"
    name = ttl_setting(ask.route, ask.state)
    seconds = holding.lifetime_of(ask, policy, covered=found.covered)
    if found.covered:
        return f"{seconds:.0f} s ({name}_WITH_WEBHOOKS: a healthy hook tells of its changes)"
    return f"{seconds:.0f} s ({name}: no healthy hook tells of its changes)"


def _place(ask: Ask, found: Look, now: float) -> Iterator[str]:
    place = found.place
    if place is None:
        yield "scope:      unknown: this name was never asked about, so GitHub is asked what it means"
        return
    yield f"scope:      {place.scope}" + (f" of {place.owner}" if place.owner else "")
    if place.access is not None and not found.sure:
        why = "something of its names, visibility or members changed" if place.access != found.access else "it is old"
        yield f"name:       has to be confirmed by GitHub first: {why}"
    if place.scope.kind == "repo":
        yield f"public:     {'GitHub showed it so in the last 5 minutes' if found.proven else 'not proven now'}"
        if hooks.covers(ask.tenant, place.scope, ask.route.kind):
            yield "hook:       its own"


def _held(found: Look, now: float) -> Iterator[str]:
    if not found.usable and found.kept is None:
        yield "held:       nothing that may be given out"
    for kept in found.usable or filter(None, (found.kept,)):
        yield f"held:       {_of(kept, now)}"


def _of(kept: Kept, now: float) -> str:
    whose = {POOL: "fetched by the tenant's pool", SHARED: "shared by a token"}.get(
        kept.candidate.audience, "one token's"
    )
    fetched = datetime.fromtimestamp(kept.entry.stored_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    age, left = kept.held.age(now), kept.held.lifetime - kept.held.age(now)
    if not kept.held.current:
        state = "invalidated since"
    elif left > 0:
        state = f"fresh for {left:.0f} s more"
    else:
        state = f"stale for {-left:.0f} s"
    usable = "" if freshness.usable_while_failing(kept.held, now) else "; not while GitHub fails"
    checked = "has a validator" if kept.held.has_validator else "has no validator"
    size = len(kept.entry.body)
    return (
        f"{kept.entry.status}, {size} bytes, {whose}, confirmed {fetched} ({age:.0f} s ago), {state}, {checked}{usable}"
    )


def _events(ask: Ask) -> str:
    kind = KINDS[ask.route.scope, ask.route.kind]
    events = list(kind.touched_by)
    if (access := KINDS.get((ask.route.scope, ACCESS))) is not None:
        events += [event for event in access.touched_by if event not in events]
    text = "every event" if "*" in events else ", ".join(events)
    if kind.paths is not None:
        text += f" (push: where a path fits {kind.paths.pattern})"
    return text + (" (push: to the default branch)" if kind.default_branch_only else "")
