"""What is held for an ask, and what may be done with it: one trip to the store, then pure decisions.

An ask may be answered from several stored bodies (the caller's own, the pool's, one that is shared); the first that is
fresh goes out. What stands under a name that is no longer sure counts as not permitted until the name is read again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from github_cache import asks, freshness, hooks, keys, scoping, store
from github_cache.asks import Ask, Graphql, Http, Typed
from github_cache.entries import Entry
from github_cache.epochs import renewed_at
from github_cache.freshness import SHORT_DISTRUST, Controls, Decision, Held
from github_cache.keeping import LAST
from github_cache.keys import Scope
from github_cache.proxy import audience
from github_cache.proxy.audience import Candidate
from github_cache.resources import ACCESS, Route, ttl_setting
from github_cache.scoping import Place
from github_cache.upstream import credentials
from ratelimit.live import Policy


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored entry that this caller may be given, and what is known of it."""

    key: str
    candidate: Candidate
    entry: Entry
    held: Held

    @property
    def ends_elsewhere(self) -> bool:
        """True for a page of a list whose `Link` says where the list ends, which no ETag of GitHub's covers."""
        return any(name.lower() == "link" and LAST in value for name, value in self.entry.headers)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found. `access` is the current epoch of names and visibility; `sure` whether the caller's words
    still mean `place`; `kept` the best body for the decision; `usable` every one that the caller may see."""

    place: Place | None
    own: str
    access: str | None = None
    sure: bool = False
    proven: bool = False
    covered: bool = False
    decision: Decision = Decision.MISS
    kept: Kept | None = None
    usable: tuple[Kept, ...] = ()

    def while_failing(self, now: float, client: Controls) -> Kept | None:
        """What may go out although GitHub cannot be asked."""
        return next((kept for kept in self.usable if freshness.usable_while_failing(kept.held, now, client)), None)

    def revalidatable(self, caller_identity: str | None) -> Kept | None:
        """What GitHub can be asked about: with a token's own validators only, where a token asks."""
        for kept in self.usable:
            validators = kept.entry.validators
            if validators is not None and kept.entry.status == 200 and (kept.held.current or not kept.ends_elsewhere):
                if caller_identity is None and not kept.candidate.proof:
                    return kept
                if validators.bearer == caller_identity:
                    return kept
        return None


_ORDER = {Decision.FRESH: 0, Decision.SERVE_STALE: 1, Decision.REVALIDATE: 2, Decision.MISS: 3}


def look(ask: Ask, now: float, policy: Policy) -> Look:
    """What is held for an ask at `now` (epoch seconds). Raises audience.NoPinnedCredential."""
    own = own_audience(ask)
    place = scoping.locate(ask.tenant, ask.match)
    if place is None:
        return _refused_lately(ask, own, now)
    found = _looked_up(ask, place, own, now, policy)
    if not found.sure:
        # Another process may have learnt the name anew.
        scoping.forget(ask.tenant, place.scope.kind, place.name)
        fresher = scoping.locate(ask.tenant, ask.match)
        if fresher is not None and fresher != place:
            return _looked_up(ask, fresher, own, now, policy)
    return found


def own_audience(ask: Ask) -> str:
    """The audience that stands for the caller alone. Raises audience.NoPinnedCredential."""
    pinned = None
    if ask.route.audience is audience.Audience.USER_RELATIVE and ask.caller.uses_pool:
        bearer = credentials.pinned(ask.tenant)
        pinned = bearer.identity if bearer else None
    return audience.own(ask.route.audience, ask.caller, pinned)


def epoch_keys(tenant: str, scope: Scope, route: Route) -> tuple[str, ...]:
    """The epochs that an entry of this route depends on: its kind's, and that of names and visibility."""
    return _epoch_keys(tenant, scope, route.kind)


def _epoch_keys(tenant: str, scope: Scope, kind_name: str) -> tuple[str, ...]:
    kind = keys.epoch(tenant, scope, kind_name)
    return (kind,) if scope.kind == "tenant" else (kind, keys.epoch(tenant, scope, ACCESS))


def unplaced_key(ask: Ask, own: str) -> str:
    """Where it stands that a name which was never heard of was not found, and what its flights meet at."""
    return ask.entry_key(Scope("tenant", ask.tenant), own)


def unplaced_epoch(tenant: str) -> str:
    """What that depends on: any write and any delivery may be about the name's beginning."""
    return keys.epoch(tenant, Scope("tenant", tenant), "other")


def _refused_lately(ask: Ask, own: str, now: float) -> Look:
    """A look for a name that was never heard of: all that can be held is that GitHub did not find it."""
    key, epoch = unplaced_key(ask, own), unplaced_epoch(ask.tenant)
    found = store.get().read(key, (epoch,))
    entry = store.readable(key, found.data)
    if entry is None or entry.status == 200:
        return Look(None, own)
    candidate = Candidate(own)
    current = entry.epochs == ((epoch, found.epochs[0]),)
    held = Held(entry.stored_at, entry.lifetime, 0.0, 0.0, current=current, permitted=True, has_validator=False)
    kept = Kept(key, candidate, entry, held)
    return Look(None, own, decision=freshness.decide(held, now, ask.controls), kept=kept)


def _looked_up(ask: Ask, place: Place, own: str, now: float, policy: Policy) -> Look:
    tenant, scope, route = ask.tenant, place.scope, ask.route
    candidates = audience.candidates(route.audience, ask.caller, own)
    reads = (_reads if _is_short(ask.target) else _reads.__wrapped__)(tenant, ask.target, scope, route.kind, candidates)
    found = store.get().read_many(reads)
    (_, watched), tokens = reads[0], found[0].epochs
    epochs = dict(zip(watched, tokens, strict=True))
    access = tokens[1] if len(tokens) > 1 else None
    beside = iter([each.data for each in found[len(candidates) :]])
    revoked = next(beside) if candidates[0].window is not None else None
    revoked_at = renewed_at((revoked or b"").decode("ascii", "replace"))
    hook, proof = next(beside, None), next(beside, None)
    if hooks.told_of(hook, ACCESS, now) or hooks.covered_by_owner(tenant, place.owner, ACCESS, now):
        place = place.covered()
    sure = place.holds(access, now)
    proven = sure and scoping.proven(proof, access, now)
    covered = hooks.told_of(hook, route.kind, now) or hooks.covered_by_owner(tenant, place.owner, route.kind, now)
    lifetime = lifetime_of(ask, policy, covered=covered)
    usable: list[Kept] = []
    chosen: tuple[Decision, Kept | None] = (Decision.MISS, None)
    for (key, _), candidate, each in zip(reads, candidates, found, strict=False):
        if each.data is None or (candidate.proof and not proven):
            continue
        entry = store.readable(key, each.data)
        if entry is None or (candidate.fit and not entry.extra.get("fit")):
            continue
        held = _held(entry, epochs, lifetime, place, access, now)
        if candidate.window is not None:
            held = held.confirmed_within(candidate.window if entry.stored_at > revoked_at + SHORT_DISTRUST else 0.0)
        kept = Kept(key, candidate, entry, held)
        usable.append(kept)
        decision = freshness.decide(kept.held, now, ask.controls)
        if chosen[1] is None or _ORDER[decision] < _ORDER[chosen[0]]:
            chosen = decision, kept
        if decision is Decision.FRESH:
            break
    return Look(place, own, access, sure, proven, covered, *chosen, tuple(usable))


def _is_short(target: Http | Typed | Graphql) -> bool:
    """Whether it takes little memory; a path and its query always do."""
    return isinstance(target, Http) and len(target.accept) + len(target.api_version) <= asks.REMEMBERED_UP_TO


@lru_cache(maxsize=2048)
def _reads(
    tenant: str, target: Http | Typed | Graphql, scope: Scope, kind: str, candidates: tuple[Candidate, ...]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What one look reads: each candidate's entry, with the epochs beside the first; when callers lost rights, where
    that ends a window; the hook and the proof of a repository or organisation."""
    first, *others = (asks.entry_key(tenant, target, scope, candidate.audience) for candidate in candidates)
    if candidates[0].window is not None:
        others.append(keys.callers(tenant))
    if scope.kind != "tenant":
        others += [hooks.key(tenant, scope), scoping.proof_key(tenant, scope)]
    return ((first, _epoch_keys(tenant, scope, kind)), *((key, ()) for key in others))


def lifetime_of(ask: Ask, policy: Policy, *, covered: bool) -> float:
    """The freshness lifetime that the table gives an ask now: the long column where a hook covers its kind."""
    if ask.route.revalidate:
        return 0.0
    name = ttl_setting(ask.route, ask.state)
    if covered and f"{name}_WITH_WEBHOOKS" in policy.values:
        name += "_WITH_WEBHOOKS"
    return float(policy.value(name))


def _held(
    entry: Entry,
    epochs: Mapping[str, str | None],
    lifetime: float,
    place: Place,
    access: str | None,
    now: float,
) -> Held:
    """The entry as seen by one reader. A lifetime that was cut short when it was stored gets no slack.

    A name that is due to be read again makes it old; one whose meaning has changed forbids it.
    """
    return Held(
        stored_at=entry.stored_at,
        lifetime=min(entry.lifetime, lifetime),
        slack=0.0 if entry.lifetime < lifetime else lifetime,
        grace=entry.grace,
        current=place.holds(access, now) and all(epochs.get(key) == token for key, token in entry.epochs),
        permitted=place.access in (None, access) and all(epochs.get(key) == token for key, token in entry.epochs[1:]),
        has_validator=entry.validators is not None,
    )
