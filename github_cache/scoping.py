"""Which repository or organisation a path means: names become IDs, so that a rename loses nothing.

An alias says which ID a name had when GitHub last told, under the `access` epoch of that time. A rename, a transfer or
a deletion changes the epoch, and time ends the alias; from then on it is a hint only: the name is read again at GitHub
before anything is given out under it. The same answers prove, for PROOF_SECONDS, that GitHub shows a repository as
public.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from github_cache import keys, store
from github_cache.keys import Scope, ScopeKind
from github_cache.memory import Memory
from github_cache.proxy import audience
from github_cache.resources import Match

HINT_SECONDS = 7 * 24 * 3600
"""How long an alias is kept as a hint."""

_ALWAYS = float("inf")
_aliases: Memory[str, "Place"] = Memory(50_000)
forget_all = _aliases.forget_all


@dataclass(frozen=True, slots=True)
class Place:
    """A scope, and how sure it is that the caller's words mean it.

    `owner` is the organisation that it belongs to, where that is known. `access` is the epoch under which the name was
    learnt and `until` (epoch seconds) when it has to be learnt anew, which is `covered_until` while a hook would tell
    of a change; without a name there is nothing to learn. `private` where GitHub showed the repository as private then.
    """

    scope: Scope
    owner: Scope | None = None
    access: str | None = None
    until: float = _ALWAYS
    private: bool = False
    name: str = ""
    covered_until: float = 0.0

    def covered(self) -> "Place":
        """The same while a healthy hook tells of every rename, transfer and deletion."""
        return replace(self, until=max(self.until, self.covered_until))

    def holds(self, access_now: str | None, now: float) -> bool:
        """Does the name still mean this scope?"""
        return self.access is None or (self.access == access_now and now < self.until)


def locate(tenant: str, match: Match) -> Place | None:
    """Where the answers to a matched path stand; None where a name was never heard of."""
    values = match.values
    if "repository_id" in values:
        return Place(Scope("repo", str(int(values["repository_id"]))))
    if "organization_id" in values:
        return Place(Scope("org", str(int(values["organization_id"]))))
    if match.route.scope == "tenant":
        return Place(Scope("tenant", tenant))
    return alias(tenant, *named(values))


def named(values: Mapping[str, str]) -> tuple[ScopeKind, str]:
    """The kind and the full name that a path's values spell. Raises KeyError where they spell none."""
    return ("repo", f"{values['owner']}/{values['repo']}") if "owner" in values else ("org", values["org"])


def alias(tenant: str, kind: ScopeKind, name: str) -> Place | None:
    """What a name meant when GitHub last told; None where it never did."""
    key = keys.alias(tenant, kind, name)
    now = time.time()
    if known := _aliases.get(key, now):
        return known.value
    place = _read(store.get().get(key))
    if place is not None:
        _aliases.put(key, place, now + audience.PROOF_SECONDS)
    return place


def forget(tenant: str, kind: ScopeKind, name: str) -> None:
    """Makes this process read the alias of a name again: another process may know better."""
    _aliases.forget(keys.alias(tenant, kind, name))


def learn(tenant: str, kind: ScopeKind, name: str, place: Place) -> None:
    """Notes what GitHub just told about a name, for every process."""
    key = keys.alias(tenant, kind, name)
    owner = f"{place.owner.kind}:{place.owner.id}" if place.owner else ""
    written = [place.scope.kind, place.scope.id, owner, place.access, place.until, place.private, name]
    store.get().set(key, orjson.dumps([*written, place.covered_until]), HINT_SECONDS)
    _aliases.put(key, place, time.time() + audience.PROOF_SECONDS)


def place_of(body: Mapping[str, Any]) -> tuple[Scope, Scope | None, bool]:
    """Scope, owning organisation and privacy out of GitHub's body of a repository or an organisation.

    Raises ValueError for a body that is neither.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("id"), int):
        raise ValueError("no repository and no organisation: it has no numeric ID")
    if "full_name" not in body:
        return Scope("org", str(body["id"])), None, False
    owner = body.get("owner") or {}
    organisation = Scope("org", str(owner["id"])) if owner.get("type") == "Organization" and "id" in owner else None
    return Scope("repo", str(body["id"])), organisation, not audience.shows_public(body)


def _read(written: bytes | None) -> Place | None:
    if written is None:
        return None
    try:
        kind, identifier, owner, access, until, private, name, covered_until = orjson.loads(written)
        owner_kind, _, owner_id = owner.partition(":")
        return Place(
            Scope(kind, identifier),
            Scope(owner_kind, owner_id) if owner else None,
            access,
            until,
            private,
            name,
            covered_until,
        )
    except (ValueError, TypeError, AttributeError):
        return None


def proof_key(tenant: str, scope: Scope) -> str:
    """Where it stands that GitHub shows a repository as public."""
    return keys.proof(tenant, scope, "public")


def prove(tenant: str, scope: Scope, access: str, confirmed_at: float, seconds: float) -> None:
    """GitHub has just shown this repository as public, asked after `access` was the epoch of its scope."""
    store.get().set(proof_key(tenant, scope), f"{confirmed_at:.3f} {access}".encode(), max(1, int(seconds)))


def proven(proof: bytes | None, access_now: str | None, now: float) -> bool:
    """Does a stored proof still hold, and under the same epoch?"""
    confirmed_at, _, access = (proof or b"").decode("ascii", "replace").partition(" ")
    try:
        return access == access_now and audience.proof_holds(float(confirmed_at), now)
    except ValueError:
        return False
