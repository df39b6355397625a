"""The tokens that ask GitHub: a tenant's pool, its pinned credential, a caller's own token; and how each stands.

What is configured is read anew every POOL_SECONDS, so a change in the admin counts a few seconds later. Where a pool
holds several tokens, those of one user share one account. What cannot be used is left out and named by `health`.
"""

import logging
import time
from dataclasses import dataclass

from django.db import DatabaseError

from github_cache import keys
from github_cache.upstream import credential_sources, picking
from github_cache.upstream.accounts import Accounts
from github_cache.upstream.app_tokens import InstallationTokens
from github_cache.upstream.attempts import Bearer
from github_cache.upstream.credential_sources import Installation, Source, Token, Unusable
from github_cache.upstream.errors import NoCredential, UpstreamError
from github_cache.upstream.picking import Candidate
from github_cache.upstream.standing import Standing
from ratelimit.governor import governor
from ratelimit.quota import Quota

__all__ = ["Bearer", "Health", "forget", "health", "note_lack", "passthrough", "pick", "pinned", "pool", "refused"]

POOL_SECONDS = 3.0
"""How long what is configured is believed."""

QUOTAS_SECONDS = 1.0
"""How old the readings may be by which a token is picked."""

logger = logging.getLogger("hubcache.credentials")
_installations, _standing = InstallationTokens(), Standing()
_sources: dict[str, tuple[tuple[Source, ...], float]] = {}
_quotas: dict[frozenset[str], tuple[dict[str, tuple[Quota, ...]], float]] = {}


@dataclass(frozen=True, slots=True)
class Health:
    """How a credential stands: "ok"; "refused" where GitHub answered 401 (it is tried again at `until`, epoch
    seconds); "unusable" where its secret, key or installation is no good. `reason` says it in words."""

    name: str
    state: str
    reason: str = ""
    until: float | None = None


def pool(tenant: str) -> tuple[Bearer, ...]:
    """Every token of a tenant, refused ones included; empty where it has none that can be used.

    May ask GitHub for a token of an App installation, and whose a token is.
    """
    found: dict[str, Bearer] = {}
    for source in _configured(tenant):
        try:
            found.update((bearer.identity, bearer) for bearer in _bearers(source))
        except UpstreamError as error:
            logger.warning("a credential cannot be used", extra={"credential": source.name, "why": error.message})
    bearers = tuple(found.values())
    return tuple(_accounts.learn(bearer) for bearer in bearers) if len(bearers) > 1 else bearers


def pinned(tenant: str) -> Bearer | None:
    """The one token that writes, and that `/user` and the like are asked with, for callers without a token of their
    own: the row that is marked as pinned, else the environment's GITHUB_TOKEN."""
    for source in _configured(tenant):
        if isinstance(source, Token | Installation) and source.pinned:
            try:
                return next(iter(_bearers(source)), None)
            except UpstreamError as error:
                logger.warning("the pinned credential cannot be used", extra={"why": error.message})
    return None


def passthrough(token: str, tenant: str) -> Bearer:
    """A caller's own token. It shares the account of the tenant's tokens of the same user where those are known."""
    identity = keys.identity(token)
    return Bearer(_accounts.of(identity), identity, f"{tenant} caller {identity[:8]}", token)


def pick(tenant: str, *, bucket: str, subject: str = "", prefer: str | None = None) -> tuple[Bearer, ...]:
    """The tokens to try for a call, the best first. `subject` is what the call asks for, `prefer` the identity whose
    validator is held. Raises NoCredential, which names the reason."""
    now = time.time()
    bearers = {bearer.identity: bearer for bearer in pool(tenant)}
    candidates = [
        Candidate(
            identity,
            bearer.account,
            resting=_standing.rests_until(identity, now) is not None,
            lacking=bool(subject) and len(bearers) > 1 and _standing.lacks(identity, subject, now),
        )
        for identity, bearer in bearers.items()
    ]
    accounts = frozenset(bearer.account for bearer in bearers.values())
    quotas = _readings(accounts) if len(accounts) > 1 else {}
    chosen = picking.in_order(candidates, quotas, bucket=bucket, prefer=prefer, now=now)
    if not chosen:
        raise NoCredential(_why_none(tenant))
    return tuple(bearers[identity] for identity in chosen)


def refused(bearer: Bearer) -> None:
    """GitHub answered 401 to this token: it rests, and a token of an App installation is asked for anew."""
    logger.error("GitHub refuses a credential", extra={"credential": bearer.name, "identity": bearer.identity[:12]})
    _standing.refuse(bearer.identity, time.time())
    _installations.drop(bearer.account)


def accepted(bearer: Bearer) -> None:
    """GitHub took this token."""
    _standing.accept(bearer.identity)


def note_lack(bearer: Bearer, subject: str) -> None:
    """GitHub answered this token that `subject` (a path of the REST API) is not there, or not for it."""
    if subject:
        _standing.note_lack(bearer.identity, subject, time.time())


def health(tenant: str) -> tuple[Health, ...]:
    """How each credential of a tenant stands."""
    return tuple(standing for source in _configured(tenant) for standing in _health(source))


def forget() -> None:
    """Read and learn everything anew: for whoever has just changed a credential."""
    for memory in (_accounts, _installations, _standing):
        memory.forget()
    _sources.clear()
    _quotas.clear()


_accounts = Accounts(refused)


def _configured(tenant: str) -> tuple[Source, ...]:
    """What is configured; while the database is away, what was read last."""
    known = _sources.get(tenant)
    now = time.monotonic()
    if known is None or now - known[1] >= POOL_SECONDS:
        try:
            known = credential_sources.read(tenant), now
        except DatabaseError:
            logger.exception("credentials cannot be read; those that were read last are used")
            known = known[0] if known else (), now
        _sources[tenant] = known
    return known[0]


def _bearers(source: Source) -> tuple[Bearer, ...]:
    """The tokens that a source stands for. Raises UpstreamError where it has none."""
    if isinstance(source, Token):
        return (_of_token(source),)
    if isinstance(source, Unusable):
        return ()
    now = time.time()
    if source.installation:
        return (_installations.bearer(source.app, source.installation, source.name, now),)
    return tuple(
        _installations.bearer(source.app, number, f"{source.name} {number}", now)
        for number in _installations.installations(source.app, now)
    )


def _of_token(source: Token) -> Bearer:
    identity = keys.identity(source.token)
    return Bearer(_accounts.of(identity), identity, source.name, source.token)


def _health(source: Source) -> tuple[Health, ...]:
    if isinstance(source, Unusable):
        return (Health(source.name, "unusable", source.reason),)
    try:
        bearers = _bearers(source)
    except UpstreamError as error:
        return (Health(source.name, "unusable", error.message),)
    now = time.time()
    found = []
    for bearer in bearers:
        until = _standing.rests_until(bearer.identity, now)
        if until is None:
            found.append(Health(bearer.name, "ok"))
        else:
            found.append(Health(bearer.name, "refused", "GitHub answered 401 Bad credentials", until))
    return tuple(found)


def _readings(accounts: frozenset[str]) -> dict[str, tuple[Quota, ...]]:
    """The last readings of these accounts, by one round trip, at most QUOTAS_SECONDS old."""
    known = _quotas.get(accounts)
    now = time.monotonic()
    if known is None or now - known[1] >= QUOTAS_SECONDS:
        known = _quotas[accounts] = dict(governor().status(sorted(accounts))), now
    return known[0]


def _why_none(tenant: str) -> str:
    standings = health(tenant)
    if not standings:
        return f"tenant {tenant!r} has no credential for GitHub: set GITHUB_TOKEN, or add one in the admin"
    reasons = "; ".join(f"{each.name}: {each.reason or each.state}" for each in standings)
    return f"no credential of tenant {tenant!r} can be used at GitHub: {reasons}"
