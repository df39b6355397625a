"""The only place where a key, a tag or an audience is spelled (pure).

Entries of one scope, its index and its epochs share a hash tag, the literal braces, so that one script or MGET may
touch them all on a Redis Cluster. Nothing that a caller typed goes into a key unhashed; a key is under 512 bytes.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast

ROOT = "hubcache"
MAX_KEY_BYTES = 511
CALLERS = "callers"
ScopeKind = Literal["repo", "org", "tenant"]
_TENANT = re.compile(r"[a-z0-9-]{1,40}")
_ID = re.compile(r"[a-z0-9-]{1,40}")
_SCOPE = re.compile(r"\{(repo|org|tenant):([a-z0-9-]{1,40})\}")
SCHEMA: tuple[tuple[str, str], ...] = (
    ("hubcache:TENANT:{repo:ID}:NAME", "An entry of a repository: `meta`, `languages`, `issues:open`, …"),
    ("hubcache:TENANT:{org:ID}:NAME", "An entry of an organisation: `repos`, `meta`, …"),
    ("hubcache:TENANT:{repo:ID}:http:DIGEST", "An answer of the GitHub-compatible surface, per audience."),
    ("hubcache:TENANT:epoch:{repo:ID}:KIND", "A token that changes whenever that kind is invalidated."),
    ("hubcache:TENANT:index:{repo:ID}", "The keys of a scope's entries, sorted by when they end."),
    ("hubcache:TENANT:index:{repo:ID}:KIND", "Those of one kind that hold no validator."),
    ("hubcache:TENANT:alias:repo:DIGEST", "The ID behind a name."),
    ("hubcache:TENANT:facets:DIGEST", "A rendered answer of the index; also `search` and `stats`."),
    ("hubcache:index:TENANT", "A tenant's scopes."),
    ("hubcache:index", "The tenants of whom anything is kept."),
    ("hubcache:flight:DIGEST", "The lease of the flight that fetches an entry."),
    ("hubcache:run", "The server process under which the data were last found whole."),
    ("hubcache:ns:NAMESPACE:{KEY}", "A value of CacheService."),
    ("hubcache:ns:NAMESPACE:index", "The keys of one namespace of CacheService."),
)
"""Every key that this floor writes, for the documentation."""
_RESERVED = frozenset({"index", "ns", "flight", "run", "governor", "ratelimit", "django"})
_NAME = re.compile(r"[a-z0-9_*-]+(:[A-Za-z0-9_.*-]+)*")


@dataclass(frozen=True, slots=True)
class Scope:
    """What an entry belongs to: a repository or an organisation by GitHub's ID, or a whole tenant by its name."""

    kind: ScopeKind
    id: str

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"scope ID {self.id!r} is not a number or a tenant's name")

    def __str__(self) -> str:
        return f"{{{self.kind}:{self.id}}}"

    @classmethod
    def parse(cls, text: str) -> "Scope":
        """The scope that `str(scope)` spells. Raises ValueError for anything else."""
        found = _SCOPE.fullmatch(text)
        if not found:
            raise ValueError(f"{text!r} spells no scope: it should look like {{repo:123}}")
        return cls(cast(ScopeKind, found[1]), found[2])


def digest(*parts: str | bytes) -> str:
    """A hex digest that stands for typed text in a key; parts are told apart by their lengths."""
    hashed = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        hashed.update(b"%d:" % len(data))
        hashed.update(data)
    return hashed.hexdigest()


def identity(token: str) -> str:
    """The name of a token in keys, logs and rows: its SHA-256 in hex."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def entry(tenant: str, scope: Scope, name: str) -> str:
    """`hubcache:TENANT:{repo:ID}:meta`, `…:issues:open`, …"""
    return _checked(f"{_tenant(tenant)}:{scope}:{_named(name)}")


def audience_entry(tenant: str, scope: Scope, name: str, audience: str) -> str:
    """An entry that only one audience may be given: `shared`, or the identity that fetched it."""
    return entry(tenant, scope, f"{name}:{audience}")


def http_entry(tenant: str, scope: Scope, audience: str, *request: str) -> str:
    """`hubcache:TENANT:{repo:ID}:http:DIGEST`: an answer of the GitHub-compatible surface, per audience."""
    return entry(tenant, scope, f"http:{digest(audience, *request)}")


def index(tenant: str, scope: Scope) -> str:
    """The set of the entries' keys of one scope."""
    return _checked(f"{_tenant(tenant)}:index:{scope}")


def unvalidated(tenant: str, scope: Scope, kind: str) -> str:
    """The set of the keys of those entries of one kind that hold no validator, so that an invalidation deletes them."""
    return _checked(f"{index(tenant, scope)}:{_named(kind)}")


def epoch(tenant: str, scope: Scope, kind: str) -> str:
    """A random token that changes whenever that kind is invalidated. Also the tag that memories are dropped by."""
    return _checked(f"{_tenant(tenant)}:epoch:{scope}:{_named(kind)}")


def epoch_prefix(tenant: str) -> str:
    """What all epochs of a tenant begin with, and nothing else does."""
    return f"{_tenant(tenant)}:epoch:"


def tenant_of(epoch_key: str) -> str:
    """The tenant that an epoch belongs to."""
    return epoch_key.split(":", 2)[1]


def kind_of(epoch_key: str) -> str:
    """The kind that an epoch belongs to."""
    return epoch_key.rpartition(":")[2]


def callers(tenant: str) -> str:
    """The tag of everything that was answered to callers of a tenant; renewed when one of its keys is revoked."""
    return epoch(tenant, Scope("tenant", tenant), CALLERS)


def scopes(tenant: str) -> str:
    """The set of a tenant's scopes."""
    return _checked(f"{ROOT}:index:{_checked_tenant(tenant)}")


def tenants() -> str:
    """The set of the tenants of whom anything is kept."""
    return f"{ROOT}:index"


def server_run() -> str:
    """Where the ID of the server process stands under which the kept data were last found to be whole."""
    return f"{ROOT}:run"


@lru_cache(maxsize=2048)
def alias(tenant: str, kind: ScopeKind, name: str) -> str:
    """Where the ID of a repository or organisation stands under its (hashed, lower-case) name."""
    return _checked(f"{_tenant(tenant)}:alias:{kind}:{digest(name.lower())}")


def proof(tenant: str, scope: Scope, audience: str) -> str:
    """That GitHub lately showed this scope to an audience: `public`, or one identity."""
    return entry(tenant, scope, f"proof:{audience}")


def flight(entry_key: str) -> str:
    """The lease of the one flight that fetches an entry."""
    return f"{ROOT}:flight:{digest(entry_key)}"


def generation_entry(tenant: str, family: Literal["facets", "search", "stats"], generation: int, query: str) -> str:
    """`hubcache:TENANT:facets:HASH`: a rendered answer of the index; old generations are never asked for again."""
    return _checked(f"{_tenant(tenant)}:{family}:{digest(str(generation), query)}")


def service_entry(namespace: str, key: str) -> str:
    """A key of CacheService: plain ones stay readable, all others stand as their digest."""
    readable = re.fullmatch(r"[A-Za-z0-9_.:/-]{1,200}", key) is not None and not key.startswith("sha256:")
    return _checked(f"{_namespace(namespace)}:{{{key if readable else 'sha256:' + digest(key)}}}")


def service_index(namespace: str) -> str:
    """The set of the keys of one namespace of CacheService."""
    return _checked(f"{_namespace(namespace)}:index")


def bounded(keys: Iterable[str]) -> tuple[str, ...]:
    """The keys, each checked to be under 512 bytes. Raises ValueError for the first that is not."""
    return tuple(_checked(key) for key in keys)


def _namespace(namespace: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.:-]{1,200}", namespace):
        raise ValueError(f"namespace {namespace!r} must be 1 to 200 letters, digits or _ . : -")
    return f"{ROOT}:ns:{namespace}"


def _tenant(tenant: str) -> str:
    return f"{ROOT}:{_checked_tenant(tenant)}"


def _checked_tenant(tenant: str) -> str:
    if not _TENANT.fullmatch(tenant) or tenant in _RESERVED:
        raise ValueError(f"tenant {tenant!r} must be 1 to 40 of a-z, 0-9 and -, and no reserved word")
    return tenant


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot stand in a key")
    return name


def _checked(key: str) -> str:
    if len(key.encode()) > MAX_KEY_BYTES:
        raise ValueError(f"a key of {len(key.encode())} bytes is over {MAX_KEY_BYTES}")
    return key
