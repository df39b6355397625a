"""One fetch: epochs before, GitHub, and then the store; what a name means is learnt on the way."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from github_cache import asking, entries, epochs, freshness, holding, keeping, keys, metrics, scoping, store
from github_cache.asking import Asked
from github_cache.asks import Ask
from github_cache.entries import Entry
from github_cache.freshness import SHORT_DISTRUST
from github_cache.holding import Kept, Look
from github_cache.keeping import BRIEFLY, Answer
from github_cache.keys import Scope
from github_cache.proxy import audience
from github_cache.resources import ACCESS, KINDS, TYPED, ttl_setting
from github_cache.scoping import Place
from github_cache.serving import Outcome, Served, from_entry
from github_cache.upstream.errors import BadAnswer, UpstreamError
from github_cache.upstream.fetched import RepositoryPage
from ratelimit.budget import Lane
from ratelimit.live import Policy
from ratelimit.verdict import Wait


def fetch(ask: Ask, found: Look, lane: Lane, policy: Policy) -> Served | Wait:
    """GitHub's answer, kept where it may be. Raises errors.UpstreamError."""
    place = found.place
    before = _epochs(ask, place.scope if place else None)
    kept = found.revalidatable(None if ask.caller.uses_pool else ask.caller.identity)
    began = time.time()
    asked = asking.github(ask, kept.entry.validators if kept else None, lane)
    if isinstance(asked, Wait):
        return asked
    if asked.answer is None:
        if kept is None or place is None:
            raise BadAnswer("GitHub said 304 to a request without a condition", 304)
        return _confirmed(ask, found, place, kept, before, began, policy)
    return _settled(ask, found, asked, asked.answer, before, began, policy)


def fetch_many(looked: Sequence[tuple[Ask, Look]], lane: Lane, policy: Policy) -> list[Served | UpstreamError] | Wait:
    """The same for asks of one resource of the typed API whose places are known, in batches and without conditions.

    Raises errors.UpstreamError for what concerns all of them.
    """
    befores = [_epochs(ask, found.place.scope if found.place else None) for ask, found in looked]
    began = time.time()
    answers = asking.github_many([ask for ask, _ in looked], lane)
    if isinstance(answers, Wait):
        return answers
    return [
        asked if isinstance(asked, UpstreamError) else _settled(ask, found, asked, _given(asked), before, began, policy)
        for (ask, found), asked, before in zip(looked, answers, befores, strict=True)
    ]


def _settled(
    ask: Ask,
    found: Look,
    asked: Asked,
    answer: Answer,
    before: tuple[tuple[str, str], ...],
    began: float,
    policy: Policy,
) -> Served:
    """What was answered, kept where it may be."""
    if answer.status == 200 and asked.keep:
        return _kept(ask, found, asked, answer, before, began, policy)
    if answer.status in BRIEFLY and asked.keep:
        return _refused(ask, found, answer, before, policy)
    return unkept(asked, Outcome.MISS)


def unkept(asked: Asked, outcome: Outcome) -> Served:
    """An answer that goes out and is not kept."""
    answer = _given(asked)
    etag = answer.etag if answer.status == 200 else None
    return Served(answer.status, answer.headers, answer.body, outcome, etag=etag or None)


def _given(asked: Asked) -> Answer:
    if asked.answer is None:
        raise BadAnswer("GitHub said 304 to a request without a condition", 304)
    return asked.answer


def _epochs(ask: Ask, scope: Scope | None) -> tuple[tuple[str, str], ...]:
    """What an entry of this scope depends on, as it is now; None: what a name's not being there depends on."""
    watched = holding.epoch_keys(ask.tenant, scope, ask.route) if scope else (holding.unplaced_epoch(ask.tenant),)
    tokens = store.get().ensure_epochs(ask.tenant, scope or Scope("tenant", ask.tenant), watched)
    return tuple(zip(watched, tokens, strict=True))


def _lifetime(ask: Ask, policy: Policy, before: tuple[tuple[str, str], ...], began: float) -> float:
    """As the table has it (a reader may cut it shorter, see holding), but short right after an invalidation."""
    lifetime = max(holding.lifetime_of(ask, policy, covered=covered) for covered in (False, True))
    invalidated = max((epochs.renewed_at(token) for _, token in before), default=0.0)
    return freshness.lifetime_after_fetch(lifetime, began, invalidated or None)


def _confirmed(
    ask: Ask,
    found: Look,
    place: Place,
    kept: Kept,
    before: tuple[tuple[str, str], ...],
    began: float,
    policy: Policy,
) -> Served:
    now = time.time()
    lifetime = _lifetime(ask, policy, before, began)
    entry = keeping.confirmed(kept.entry, stored_at=now, lifetime=lifetime, epochs=before)
    _write(ask, place.scope, kept.key, entry)
    told = entry.extra.get("names")
    if told:
        _learn(ask, found, place.scope, before, began, policy, told)
    return _served(ask, found, entry, kept.candidate.audience, Outcome.REVALIDATED, policy)


def _kept(
    ask: Ask,
    found: Look,
    asked: Asked,
    answer: Answer,
    before: tuple[tuple[str, str], ...],
    began: float,
    policy: Policy,
) -> Served:
    """Keeps a 200 and tells what it names. Where only the answer told the scope, it is kept for SHORT_DISTRUST."""
    now = time.time()
    scope = asked.scope or (found.place.scope if found.place else None)
    if scope is None:
        return unkept(asked, Outcome.MISS)
    known_before = found.place is not None and found.place.scope == scope
    if not known_before:
        before = _epochs(ask, scope)
    lifetime = _lifetime(ask, policy, before, began)
    if not known_before:
        lifetime = min(lifetime, SHORT_DISTRUST)
    names: dict[str, Any] = {}
    if asked.scope is not None:
        owner = str(asked.owner) if asked.owner else ""
        names = {"name": asked.name, "owner": owner, "public": bool(asked.public)}
        _learn(ask, found, scope, before, began, policy, names)
    proven = found.proven or (bool(asked.public) and known_before)
    destination = audience.destination(ask.route.audience, ask.caller, found.own, proven=proven, fit=answer.fit)
    entry = keeping.entry(
        answer if destination == found.own else keeping.without_token_headers(answer),
        stored_at=now,
        lifetime=lifetime,
        grace=float(policy.value("GITHUB_GRACE")),
        epochs=before,
        extra={**asked.extra, "names": names} if names else asked.extra,
    )
    if entry is None:
        return unkept(asked, Outcome.MISS)
    key = ask.entry_key(scope, destination)
    entry = _write(ask, scope, key, entry)
    _drop_others(ask, found, key)
    return _served(ask, found, entry, destination, Outcome.MISS, policy)


def _served(ask: Ask, found: Look, entry: Entry, destination: str, outcome: Outcome, policy: Policy) -> Served:
    """What was just kept, for as long as this reader would be given it again."""
    lifetime = min(entry.lifetime, holding.lifetime_of(ask, policy, covered=found.covered))
    if not ask.caller.uses_pool and destination == found.own:
        lifetime = min(lifetime, audience.PRIVATE_SECONDS)
    return from_entry(entry, outcome, age=0.0, lifetime=lifetime)


def _refused(ask: Ask, found: Look, answer: Answer, before: tuple[tuple[str, str], ...], policy: Policy) -> Served:
    """Keeps a 404 or 410 for some seconds, for this audience only; what this caller could be given instead goes."""
    scope = found.place.scope if found.place else Scope("tenant", ask.tenant)
    lifetime = float(policy.value("GITHUB_TTL_NOT_FOUND"))
    entry = keeping.entry(answer, stored_at=time.time(), lifetime=lifetime, grace=0.0, epochs=before, extra={})
    if entry is not None:
        key = ask.entry_key(scope, found.own)
        _write(ask, scope, key, entry)
        _drop_others(ask, found, key)
    return Served(answer.status, answer.headers, answer.body, Outcome.MISS)


def _drop_others(ask: Ask, found: Look, key: str) -> None:
    """Drops the other bodies that this caller could be given, which are older now and might be looked at first."""
    if found.place is not None:
        for kept in found.usable:
            if kept.key != key:
                store.get().delete(ask.tenant, found.place.scope, kept.key)


def _write(ask: Ask, scope: Scope, key: str, entry: Entry) -> Entry:
    """Stores an entry, compressed once; the form that went in."""
    entry = replace(entry, gzipped=entry.gzipped or entries.compressed(entry.body))
    kinds = (ask.route.kind,) if scope.kind == "tenant" else (ask.route.kind, ACCESS)
    data, ttl = entries.encode(entry), max(1, int(entry.lifetime + entry.grace))
    metrics.stored(ask.tenant, ask.route.kind, len(data), ttl)
    store.get().write(
        ask.tenant,
        scope,
        key,
        data,
        ttl=ttl,
        kinds=[kind for kind in kinds if (scope.kind, kind) in KINDS],
        has_validator=entry.validators is not None,
    )
    return entry


def learn_page(tenant: str, login: str, page: RepositoryPage, began: float, policy: Policy) -> None:
    """Notes what the names in a page of an organisation's repositories mean. `began` is when the fetch did."""
    owner = Scope("org", str(page.organization_id)) if page.organization_id is not None else None
    named = [(Scope("repo", str(each["id"])), each["full_name"], bool(each["private"])) for each in page.repositories]
    if owner is not None:
        named.append((owner, login, False))
    setting = ttl_setting(TYPED["repository"])
    seconds, covered = float(policy.value(setting)), float(policy.value(f"{setting}_WITH_WEBHOOKS"))
    for scope, name, private in named:
        key = keys.epoch(tenant, scope, ACCESS)
        (access,) = store.get().ensure_epochs(tenant, scope, (key,))
        now, undisturbed = time.time(), _undisturbed(access, began)
        until, covered_until = (now + (longest if undisturbed else SHORT_DISTRUST) for longest in (seconds, covered))
        owned_by = owner if scope.kind == "repo" else None
        place = Place(scope, owned_by, access, until, private, name, covered_until)
        scoping.learn(tenant, scope.kind, name, place)


def _undisturbed(access: str, began: float) -> bool:
    """True where no invalidation renewed an epoch since shortly before a fetch began, so that it does not matter
    whether it was read before or after that."""
    return epochs.renewed_at(access) < began - SHORT_DISTRUST


def _learn(
    ask: Ask,
    found: Look,
    scope: Scope,
    before: tuple[tuple[str, str], ...],
    began: float,
    policy: Policy,
    names: Mapping[str, Any],
) -> None:
    """Notes what a name means, and that GitHub shows it as public; both under the epoch of before the fetch."""
    if len(before) < 2 or not names.get("name"):
        return
    access = before[1][1]
    undisturbed = _undisturbed(access, began)
    now = time.time()
    until, covered_until = (
        now + (holding.lifetime_of(ask, policy, covered=covered) if undisturbed else SHORT_DISTRUST)
        for covered in (False, True)
    )
    owner = Scope.parse(names["owner"]) if names.get("owner") else None
    if owner is None and found.place is not None and found.place.scope == scope:
        owner = found.place.owner
    place = Place(scope, owner, access, until, not names["public"], str(names["name"]), covered_until)
    scoping.learn(ask.tenant, scope.kind, place.name, place)
    if names["public"] and scope.kind == "repo":
        proven_for = audience.PROOF_SECONDS if undisturbed else SHORT_DISTRUST
        scoping.prove(ask.tenant, scope, access, now, proven_for)
