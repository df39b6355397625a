"""What is asked of the cache (pure): a GET of GitHub's REST API, a resource of the typed API, or a GraphQL query.

An ask knows its route, its caller and its place in a key; it knows no token but its caller's, and can be written down
and read again where the tenant's own credentials ask, so that what people use can be fetched before they ask again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode

import orjson

from github_cache import keys
from github_cache.caller import ANONYMOUS_IDENTITY, Caller
from github_cache.freshness import ANY, Controls
from github_cache.keys import Scope
from github_cache.proxy import paths
from github_cache.proxy.audience import POOL
from github_cache.resources import TYPED, Match, Route, match

_NAMED_ROOT = re.compile(r"/(?:repos/[^/]+/[^/]+|repositories/\d+|orgs/[^/]+|organizations/\d+)")
_PLAIN_JSON = frozenset(
    {"", "*/*", "application/json", "application/vnd.github+json", "application/vnd.github.v3+json"}
)
NAMING = frozenset({"/repos/{owner}/{repo}", "/orgs/{org}"})
"""The routes whose answers tell the ID of the name that was asked for."""
PLAIN_JSON = "application/vnd.github+json"


REMEMBERED_UP_TO = 200
"""Characters of the headers of an ask whose keys are not worked out again each time."""


@dataclass(frozen=True, slots=True)
class Http:
    """A GET of GitHub's REST API: the checked and encoded path, its canonical query, and what the answer varies by."""

    path: str
    query: str = ""
    accept: str = PLAIN_JSON
    api_version: str = ""

    @property
    def url(self) -> str:
        """Path and query as they are sent."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def parameter(self, name: str) -> str | None:
        """The first value of a query parameter."""
        return _parameter(self.query, name)


@lru_cache(maxsize=2048)
def _parameter(query: str, name: str) -> str | None:
    return next(iter(parse_qs(query).get(name, ())), None)


@dataclass(frozen=True, slots=True)
class Typed:
    """A resource of the typed API with its parameters (owner, repo, org, state, labels, since, page, …), sorted."""

    resource: str
    params: tuple[tuple[str, str], ...]

    @property
    def mapping(self) -> dict[str, str]:
        return dict(self.params)


@dataclass(frozen=True, slots=True)
class Graphql:
    """A read-only GraphQL query: its normalised document, its variables as canonical JSON, its operation, and the
    headers that its answer varies by, where there are any."""

    document: str
    variables: str = "{}"
    operation: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to `gateway.read`."""

    caller: Caller
    tenant: str
    target: Http | Typed | Graphql
    match: Match
    controls: Controls = ANY

    @property
    def route(self) -> Route:
        return self.match.route

    @property
    def state(self) -> str | None:
        """The state of a list of issues or pull requests that is asked for, where it is named."""
        if isinstance(self.target, Http):
            return self.target.parameter("state")
        return self.target.mapping.get("state") if isinstance(self.target, Typed) else None

    @property
    def names(self) -> bool:
        """True where the answer itself tells which repository or organisation its name means."""
        return self.route.template in NAMING

    def insisting(self) -> "Ask":
        """The same, to be answered by GitHub."""
        return replace(self, controls=replace(self.controls, no_cache=True, max_age=None, max_stale=None))

    def entry_key(self, scope: Scope, audience: str) -> str:
        """Where its answer stands for an audience. The scope's name is left out, so a rename loses nothing."""
        return entry_key(self.tenant, self.target, scope, audience)


def entry_key(tenant: str, target: Http | Typed | Graphql, scope: Scope, audience: str) -> str:
    """The same for a target."""
    match target:
        case Http(path, query, accept, api_version):
            tail = _NAMED_ROOT.sub("", path, count=1) if scope.kind != "tenant" else path
            return keys.http_entry(tenant, scope, audience, tail, query, accept, api_version)
        case Typed(resource, params):
            return _typed_key(tenant, scope, audience, resource, dict(params))
        case Graphql(document, variables, operation, headers):
            varies = (part for pair in headers for part in pair)
            return keys.http_entry(tenant, scope, audience, "graphql", document, variables, operation, *varies)


_NAMES = {"repository": "meta", "organization_repositories": "repos"}
_PLACING = ("owner", "repo", "org")


def _typed_key(tenant: str, scope: Scope, audience: str, resource: str, params: Mapping[str, str]) -> str:
    """`{repo:ID}:meta`, `{repo:ID}:issues:open`; with a digest where other parameters are given."""
    name = _NAMES.get(resource, resource)
    rest = sorted((key, value) for key, value in params.items() if key not in _PLACING or scope.kind == "tenant")
    if dict(rest).get("state") in ("open", "closed", "all"):
        name += f":{dict(rest)['state']}"
        rest = [(key, value) for key, value in rest if key != "state"]
    if rest:
        name += f":{keys.digest(*(part for pair in rest for part in pair))}"
    return keys.entry(tenant, scope, name) if audience == POOL else keys.audience_entry(tenant, scope, name, audience)


def http(caller: Caller, path: str, query: str, *, accept: str, api_version: str, controls: Controls = ANY) -> Ask:
    """A GET of the GitHub-compatible surface. `path` is decoded and checked. Raises ValueError without a tenant."""
    rest = _rest if len(accept) + len(api_version) <= REMEMBERED_UP_TO else _rest.__wrapped__
    return Ask(caller, _tenant(caller), *rest(path, query, accept, api_version), controls)


@lru_cache(maxsize=2048)
def _rest(path: str, query: str, accept: str, api_version: str) -> tuple[Http, Match]:
    """Clients ask the same things over and over."""
    target = Http(paths.encoded(path), paths.canonical_query(query), media_types(accept), api_version.strip())
    return target, match(path)


def typed(caller: Caller, resource: str, params: Mapping[str, str], controls: Controls = ANY) -> Ask:
    """A resource of the typed API. Raises KeyError for one that is not there."""
    route = TYPED[resource]
    placing = {name: params[name] for name in _PLACING if name in params}
    target = Typed(resource, tuple(sorted(params.items())))
    return Ask(caller, _tenant(caller), target, Match(route, placing), controls)


def repository(caller: Caller, values: Mapping[str, str]) -> Ask:
    """The repository or organisation that a path's values name, as GitHub's REST API shows it."""
    if "owner" in values:
        path = f"/repos/{values['owner']}/{values['repo']}"
    elif "repository_id" in values:
        path = f"/repositories/{values['repository_id']}"
    elif "org" in values:
        path = f"/orgs/{values['org']}"
    else:
        path = f"/organizations/{values['organization_id']}"
    return http(caller, path, "", accept=PLAIN_JSON, api_version="")


def media_types(accept: str) -> str:
    """An Accept header as it is sent and stands in keys: all spellings of GitHub's plain JSON are one."""
    wanted = re.sub(r"\s+", "", accept).lower()
    return PLAIN_JSON if all(part.partition(";")[0] in _PLAIN_JSON for part in wanted.split(",")) else wanted


def pool_caller(tenant: str) -> Caller:
    """The tenant's own credentials, asking for everyone who is served from the pool."""
    return Caller("api_key", tenant, ANONYMOUS_IDENTITY, frozenset({"read"}))


def written(ask: Ask) -> bytes | None:
    """An ask as bytes that `read` understands; None where it cannot be asked again without its caller's token."""
    if not ask.caller.uses_pool:
        return None
    match ask.target:
        case Http(path, query, accept, api_version):
            return orjson.dumps(["http", unquote(path), query, accept, api_version])
        case Typed(resource, params):
            return orjson.dumps(["typed", resource, dict(params)])
    return None


def read(tenant: str, data: bytes) -> Ask | None:
    """The ask that was written, to be asked with the tenant's own credentials; None for what cannot be read."""
    try:
        form, *parts = orjson.loads(data)
        if form == "http":
            path, query, accept, api_version = parts
            return http(pool_caller(tenant), path, query, accept=accept, api_version=api_version)
        resource, params = parts
        return typed(pool_caller(tenant), resource, params)
    except (ValueError, TypeError, KeyError):
        return None


def _tenant(caller: Caller) -> str:
    if caller.tenant is None:
        raise ValueError("a caller without a tenant can ask nothing")
    return caller.tenant


def query_of(params: Mapping[str, Any]) -> str:
    """Parameters as a query string, without those that are empty."""
    return urlencode({name: value for name, value in params.items() if value not in (None, "")})
