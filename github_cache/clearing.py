"""Manual clears: what an operator names is found, deleted, and counted. They delete entries with a validator too."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.conf import settings

from github_cache import asks, holding, invalidation, scoping, store
from github_cache.asks import Ask
from github_cache.caller import Caller
from github_cache.invalidation import Removed
from github_cache.keys import Scope
from github_cache.proxy.audience import POOL, SHARED
from github_cache.resources import KIND_NAMES, KINDS, match
from github_cache.upstream import paths
from github_cache.upstream.errors import BadCall


class Unknown(ValueError):
    """Nothing was ever kept under this name; the message says which."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was cleared, in words, and how much went."""

    what: str
    removed: Removed


def clear(tenant: str, *, organization: str = "", repository: str = "", kind: str = "", url: str = "") -> Cleared:
    """Clears one organisation, one repository, one kind of either or of all, one URL of the REST API, or everything
    of a tenant.

    Raises Unknown for a name that nothing was kept under, ValueError for a kind that the scope does not have, and
    errors.BadCall for a name or URL that cannot be.
    """
    if kind and kind not in KIND_NAMES:
        raise ValueError(f"there is no kind {kind!r}; there are: {', '.join(KIND_NAMES)}")
    if url:
        return _url(tenant, url)
    if organization or repository:
        scope = _organization(tenant, organization) if organization else _repository(tenant, repository)
        name = organization or repository
        if not kind:
            return Cleared(f"everything of {name}", invalidation.purge_scope(tenant, scope))
        if (scope.kind, kind) not in KINDS:
            raise ValueError(f"{name} has nothing of the kind {kind!r}")
        return Cleared(f"{kind} of {name}", invalidation.by_kind(tenant, scope, (kind,)))
    if kind:
        return Cleared(f"{kind} of everything", _kind(tenant, kind))
    return Cleared("everything", invalidation.by_tenant(tenant))


def _kind(tenant: str, kind: str) -> Removed:
    scopes = [scope for scope in store.get().scopes(tenant) if (scope.kind, kind) in KINDS]
    return sum((invalidation.by_kind(tenant, scope, (kind,)) for scope in scopes), Removed())


def _organization(tenant: str, name: str) -> Scope:
    return _named(tenant, f"/orgs/{paths.owner(name)}", name)


def _repository(tenant: str, name: str) -> Scope:
    return _named(tenant, paths.of_repository(*paths.full_name(name)), name)


def _named(tenant: str, path: str, name: str) -> Scope:
    place = scoping.locate(tenant, match(path))
    if place is None:
        raise Unknown(f"Nothing is kept of {name!r}.")
    return place.scope


def _url(tenant: str, url: str) -> Cleared:
    """Every audience's answer goes: the pool's and the shared one by their keys, other tokens' by their kind."""
    ask = of_url(asks.pool_caller(tenant), url)
    place = scoping.locate(tenant, ask.match)
    if place is None:
        raise Unknown(f"Nothing is kept of {url!r}.")
    removed = Removed()
    for audience in {POOL, SHARED, holding.own_audience(ask)}:
        removed += invalidation.by_key(tenant, place.scope, ask.entry_key(place.scope, audience))
    return Cleared(url, removed + invalidation.by_kind(tenant, place.scope, (ask.route.kind,)))


def of_url(caller: Caller, url: str) -> Ask:
    """The ask that a URL of GitHub's REST API, ours or theirs, or its path alone stands for. Raises errors.BadCall."""
    from github_cache.proxy import paths as proxied

    path, query = _split(url)
    proxied.checked(path, query)
    return asks.http(caller, path, query, accept="", api_version="")


def _split(url: str) -> tuple[str, str]:
    """The path as GitHub has it, and the query. Raises BadCall for another host, and for our other addresses."""
    ours, theirs = urlsplit(settings.HUBCACHE_PUBLIC_URL), urlsplit(settings.GITHUB_API_URL)
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise BadCall(f"this is no URL: {error}") from None
    path = unquote(parts.path)
    if parts.netloc == theirs.netloc and path.startswith(f"{theirs.path}/"):
        return path.removeprefix(theirs.path), parts.query
    if parts.netloc == ours.netloc:
        path = path.removeprefix(ours.path)
    if path.startswith("/api/v1/"):
        raise BadCall("the typed API has no URLs of GitHub's: name it as GitHub does, such as /repos/OWNER/NAME/issues")
    alone = not parts.scheme and not parts.netloc
    if alone or (parts.netloc == ours.netloc and path.startswith("/api/v3/")):
        return path.removeprefix("/api/v3") if path.startswith("/api/v3/") else path, parts.query
    raise BadCall(
        f"this is no URL of GitHub's REST API: give a path such as /repos/OWNER/NAME, or one below "
        f"{settings.HUBCACHE_PUBLIC_URL}/api/v3/ or {settings.GITHUB_API_URL}/"
    )
