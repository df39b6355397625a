"""The one door to what GitHub says: reads through the cache, refreshes, and what is asked for most.

A read looks at what is held (one trip), and gives it out if it is fresh. Otherwise one flight over all processes asks
GitHub, under the epochs as they were before, and keeps the answer. A `Wait` goes up to the caller, unless something
stale may stand in; nothing here sleeps.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from github_cache import asking, asks, coalescing, filling, freshness, holding, hot, metrics, room
from github_cache.asks import Ask, Http
from github_cache.coalescing import Role
from github_cache.freshness import Decision
from github_cache.holding import Kept, Look
from github_cache.keeping import BRIEFLY
from github_cache.proxy.audience import Audience, PublicOnly
from github_cache.serving import Outcome, Served, from_entry
from github_cache.upstream import fetching, paths
from github_cache.upstream.errors import TooLarge, Unreachable, UpstreamError
from github_cache.upstream.fetched import AutomationFiles, RepositoryPage
from ratelimit import deferred, live
from ratelimit.budget import Lane
from ratelimit.live import Policy
from ratelimit.verdict import Wait

PATIENCE = 15.0
"""Seconds that a reader waits for another one's flight."""


class NotHeld(Exception):
    """The client said `only-if-cached`, and nothing is held that may be given out (RFC 9111, 5.2.1.7: 504)."""


def read(ask: Ask, lane: Lane = Lane.INTERACTIVE) -> Served | Wait:
    """The answer to an ask, from what is held or from GitHub.

    A Wait where neither is to be had now. Raises NotHeld, audience.NoPinnedCredential and PublicOnly, and
    errors.UpstreamError where GitHub failed and nothing stale may stand in.
    """
    began = time.perf_counter()
    answer = _read(ask, lane)
    if isinstance(answer, Wait):
        metrics.WAITS.labels(answer.why.value).inc()
        return answer
    about = (ask.tenant, ask.route.kind, answer.outcome.value)
    metrics.reads(*about).inc()
    metrics.read_seconds(*about).observe(time.perf_counter() - began)
    if lane is Lane.INTERACTIVE and answer.status == 200:
        hot.note(ask, time.time())
    return answer


def _read(ask: Ask, lane: Lane) -> Served | Wait:
    policy = live.policy()
    if not policy.value("GITHUB_CACHE_ENABLED") or (ask.controls.no_store and not ask.controls.only_if_cached):
        if ask.caller.public_only:
            raise PublicOnly
        return _passed(ask, lane)
    now = time.time()
    found = holding.look(ask, now, policy)
    deferred.enforce()
    if found.kept and found.decision is Decision.FRESH:
        return _from(found.kept, Outcome.HIT, now)
    if found.kept and found.decision is Decision.SERVE_STALE:
        room.background().submit(found.kept.key, lambda: refresh(ask, lane))
        return _from(found.kept, Outcome.STALE, now, "revalidating")
    if ask.controls.only_if_cached:
        raise NotHeld("Nothing is held that this request's Cache-Control allows to be given out.")
    try:
        with room.seat() as got:
            answer = _anew(ask, found, lane, policy) if got else room.NO_ROOM
    except UpstreamError as error:
        if (
            error.status < 500
            or isinstance(error, TooLarge)
            or (kept := found.while_failing(now, ask.controls)) is None
        ):
            raise
        return _from(kept, Outcome.STALE, now, "github-failed")
    if isinstance(answer, Wait) and (kept := found.while_failing(now, ask.controls)) is not None:
        return _from(kept, Outcome.STALE, now, "github-quota")
    return answer


def refresh(ask: Ask, lane: Lane) -> Served | Wait:
    """Asks GitHub anew, with the validators that are held, and keeps the answer. Raises as `read` does."""
    policy = live.policy()
    insisting = ask.insisting()
    return _anew(insisting, holding.look(insisting, time.time(), policy), lane, policy)


def refresh_many(asks: Sequence[Ask], lane: Lane) -> list[Served | UpstreamError] | Wait:
    """The same for asks of one resource of the typed API and one tenant, for the pool, in few calls.

    For names that are known already. What failed by itself stands in its place. Raises errors.UpstreamError for what
    concerns all of them.
    """
    policy, now = live.policy(), time.time()
    return filling.fetch_many([(ask, holding.look(ask.insisting(), now, policy)) for ask in asks], lane, policy)


def repository(tenant: str, full_name: str, *, lane: Lane) -> dict[str, Any] | Wait | None:
    """The normalised repository `owner/name` as GitHub has it now; None where it shows none.

    Raises errors.UpstreamError.
    """
    owner, name = paths.full_name(full_name)
    answer = refresh(asks.typed(asks.pool_caller(tenant), "repository", {"owner": owner, "repo": name}), lane)
    if isinstance(answer, Wait):
        return answer
    return answer.json() if answer.status == 200 else None


def organization_repositories(
    tenant: str, organization: str, *, lane: Lane, cursor: str | None = None
) -> RepositoryPage | Wait:
    """A page of an organisation's repositories as GitHub has them now; what their names mean is learnt on the way.

    Raises errors.UpstreamError.
    """
    began = time.time()
    page = fetching.organization_repositories(tenant, organization, lane=lane, cursor=cursor)
    if isinstance(page, RepositoryPage):
        filling.learn_page(tenant, organization, page, began, live.policy())
    return page


def automation_files(
    tenant: str, repositories: Sequence[Mapping[str, Any]], *, lane: Lane
) -> Mapping[str, AutomationFiles | UpstreamError] | Wait:
    """The files of repositories that can hold automations, as GitHub has them now. Raises errors.UpstreamError."""
    return fetching.automation_files(tenant, repositories, lane=lane)


def _passed(ask: Ask, lane: Lane) -> Served | Wait:
    """GitHub's answer, with nothing read from the store or kept."""
    with room.seat() as got:
        asked = asking.github(ask, None, lane) if got else room.NO_ROOM
    return asked if isinstance(asked, Wait) else filling.unkept(asked, Outcome.BYPASS)


def _anew(ask: Ask, found: Look, lane: Lane, policy: Policy) -> Served | Wait:
    """GitHub's answer, after the name was made sure of and, where that can help, shown to be public."""
    if not ask.names and _needs_name(ask, found):
        told = _named(ask, lane, policy)
        if ask.caller.public_only and isinstance(told, Served) and told.status != 200:
            # Whether it is there and private, was renamed, or is not there: nobody is told which.
            raise PublicOnly
        if isinstance(told, Wait) or (told.status in BRIEFLY and isinstance(ask.target, Http)):
            return told
        if told.status != 200:
            asked = asking.github(ask, None, lane)
            return asked if isinstance(asked, Wait) else filling.unkept(asked, Outcome.MISS)
        now = time.time()
        found = holding.look(ask, now, policy)
        if found.kept and found.decision is Decision.FRESH:
            return _from(found.kept, Outcome.HIT, now)
    answer = _flown(ask, found, lane, policy)
    if ask.caller.public_only and isinstance(answer, Served) and not _shown_to_everyone(ask, policy):
        raise PublicOnly
    return answer


def _shown_to_everyone(ask: Ask, policy: Policy) -> bool:
    """Was what has just been kept for an ask found public, and fit for everyone?"""
    return any(kept.entry.status == 200 for kept in holding.look(ask, time.time(), policy).usable)


def _needs_name(ask: Ask, found: Look) -> bool:
    """Must GitHub first be asked what is named? Also for proof that it is public, where that may open what is held."""
    if found.place is None or not found.sure:
        return True
    unproven = ask.route.audience is Audience.SAME_FOR_EVERYONE and not found.proven and not found.place.private
    return unproven and ask.caller.needs_proof


def _named(ask: Ask, lane: Lane, policy: Policy) -> Served | Wait:
    """The repository or organisation that an ask names, confirmed by GitHub just now."""
    caller = asks.pool_caller(ask.tenant) if ask.caller.public_only else ask.caller
    naming = asks.repository(caller, ask.match.values)
    now = time.time()
    found = holding.look(naming, now, policy)
    if found.kept and found.decision is Decision.FRESH and found.kept.entry.status in BRIEFLY:
        return _from(found.kept, Outcome.HIT, now)
    return _flown(naming.insisting(), found, lane, policy)


def _flown(ask: Ask, found: Look, lane: Lane, policy: Policy) -> Served | Wait:
    """One flight asks GitHub; whoever meets it is given what it brought."""
    began = time.time()

    def landed() -> Served | None:
        now = time.time()
        kept = holding.look(replace(ask, controls=replace(ask.controls, no_cache=False)), now, policy).kept
        if kept is None or not (kept.held.current and kept.held.permitted):
            return None
        if kept.entry.stored_at < began and freshness.decide(kept.held, now, ask.controls) is not Decision.FRESH:
            return None
        return _from(kept, Outcome.COALESCED, now)

    def fetch() -> Served | Wait:
        return filling.fetch(ask, found, lane, policy)

    key = ask.entry_key(found.place.scope, found.own) if found.place else holding.unplaced_key(ask, found.own)
    flight = coalescing.fly(key, fetch, landed=landed, patience=PATIENCE)
    if flight.role is Role.TIMED_OUT or flight.value is None:
        raise Unreachable("GitHub took too long to answer the request before this one.", timed_out=True, sent=True)
    return flight.value


def _from(kept: Kept, outcome: Outcome, now: float, detail: str = "") -> Served:
    return from_entry(kept.entry, outcome, age=kept.held.age(now), lifetime=kept.held.lifetime, detail=detail)
