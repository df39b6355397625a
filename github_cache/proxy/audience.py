"""Who may be given a stored body, and where a new one is kept: the table "Who may see what" as functions (pure).

A body is kept under one audience: `pool` (fetched by the tenant's own credentials, for its API keys and staff), the
identity of a passed-through token, or `shared` (fetched by such a token where everyone sees the same). Somebody else's
body is given out only on a route that is the same for everyone, while GitHub shows the repository as public, and only
if nothing in it depends on its viewer. Nothing is stripped from a body to make it fit: it goes to fewer people instead.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from github_cache.caller import Caller
from github_cache.resources import Audience, Route

POOL = "pool"
SHARED = "shared"

PROOF_SECONDS = 300.0
"""How long GitHub's word that a repository is public is believed."""

PRIVATE_SECONDS = 60.0
"""How long a passed-through token may be given again what GitHub confirmed to that very token."""


class NoPinnedCredential(Exception):
    """An API key asks for what GitHub answers to one user only, and no credential of its tenant is pinned for that."""

    def __init__(
        self, message: str = "This needs a GitHub token of your own, or a pinned credential of your tenant."
    ) -> None:
        super().__init__(message)


class PublicOnly(Exception):
    """Nobody asks for what GitHub does not show to everyone."""

    def __init__(self) -> None:
        super().__init__("Requires authentication: without a key or a token only public repositories can be read.")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored body that a caller might be given, under conditions that its reader has to check.

    `proof`: GitHub has to show the repository as public. `fit`: nothing in the body may depend on its viewer.
    `window`: seconds after GitHub's confirmation in which it may be given, None for its whole lifetime.
    """

    audience: str
    proof: bool = False
    fit: bool = False
    window: float | None = None


def own(audience: Audience, caller: Caller, pinned: str | None) -> str:
    """The audience that stands for this caller alone; `pinned` is the identity of the tenant's pinned credential.

    Raises NoPinnedCredential where an API key asks for what belongs to one user, and the tenant has pinned nobody;
    PublicOnly where nobody asks for what is not the same for everyone.
    """
    if caller.public_only and audience is not Audience.SAME_FOR_EVERYONE:
        raise PublicOnly
    if not caller.uses_pool:
        return caller.identity
    if audience is not Audience.USER_RELATIVE:
        return POOL
    if pinned is None:
        raise NoPinnedCredential
    return pinned


def candidates(audience: Audience, caller: Caller, own_audience: str) -> tuple[Candidate, ...]:
    """The stored bodies that may be given to this caller, the caller's own first."""
    if caller.public_only:
        return _OF_EVERYONE
    everyone = audience is Audience.SAME_FOR_EVERYONE
    return _with_pool(own_audience, everyone) if caller.uses_pool else _with_token(own_audience, everyone)


_OF_EVERYONE = (Candidate(POOL, proof=True, fit=True), Candidate(SHARED, proof=True))


@lru_cache(maxsize=2048)
def _with_pool(own_audience: str, everyone: bool) -> tuple[Candidate, ...]:
    mine = Candidate(own_audience)
    return (mine, Candidate(SHARED, proof=True)) if everyone else (mine,)


@lru_cache(maxsize=2048)
def _with_token(own_audience: str, everyone: bool) -> tuple[Candidate, ...]:
    mine = Candidate(own_audience, window=PRIVATE_SECONDS)
    return (mine, *_OF_EVERYONE) if everyone else (mine,)


def destination(audience: Audience, caller: Caller, own_audience: str, *, proven: bool, fit: bool) -> str:
    """Where a body that was just fetched for this caller is kept."""
    everyone = audience is Audience.SAME_FOR_EVERYONE and proven and fit
    return SHARED if everyone and not caller.uses_pool else own_audience


# As JSON keys: within a JSON string the quote before the colon would be escaped.
_VIEWER_FIELDS = re.compile(rb'"(?:permissions|temp_clone_token|role_name|viewer[A-Za-z_]*|user_can_[a-z_]+)"\s*:')
_DRAFT = re.compile(rb'"draft"\s*:\s*true')
# A review that was not sent yet is shown to its author alone.
_PENDING = re.compile(rb'"state"\s*:\s*"PENDING"')
# Raw URLs of private files bear a token of the viewer's.
_RAW_TOKEN = re.compile(rb'"download_url"\s*:\s*"[^"]*[?&]token=')


def fit_to_share(body: bytes, route: Route) -> bool:
    """True where nothing in the body depends on who asked for it."""
    if _VIEWER_FIELDS.search(body) or _RAW_TOKEN.search(body):
        return False
    unsent = {"releases": _DRAFT, "pulls": _PENDING}.get(route.kind)
    return unsent is None or not unsent.search(body)


def shows_public(repository: Mapping[str, Any]) -> bool:
    """True where GitHub's own body of a repository says that everyone may see it."""
    return repository.get("private") is False and repository.get("visibility", "public") == "public"


def proof_holds(proven_at: float | None, now: float) -> bool:
    """True while GitHub's word that a repository is public may be believed. Times in epoch seconds."""
    return proven_at is not None and 0 <= now - proven_at <= PROOF_SECONDS
