"""What a store of entries and small values can do; Redis, the database and a process's memory each do it in full.

An entry is written under its home scope. `renew` gives kinds of a scope new epochs and deletes those of their entries
that hold no validator; `purge` deletes every entry of a scope besides. Neither looks at keys by pattern. Epochs are
checked by the reader, with what `read` brings beside the entry. What is done with
small values stands in operations.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from github_cache.keys import Scope
from github_cache.resources import kinds_of
from github_cache.store.operations import Delete, Get, Operation, Outcome, Put

EPOCH_SECONDS = 7 * 24 * 3600
"""How long an epoch is kept after it was last made sure of. Losing one means a revalidation, nothing worse."""


class StoreUnavailable(Exception):
    """A store cannot be reached or did not take what it was given."""


class StoreRestarted(StoreUnavailable):
    """A store is another server process than it was, and may have lost what was written last."""


class StoreFull(StoreUnavailable):
    """A store can be read, and told to delete, but takes nothing new."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry's bytes, or None, and the tokens of the epochs that were asked for beside it, in their order."""

    data: bytes | None
    epochs: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """How many epochs an invalidation renewed, and how many entries it deleted."""

    epochs: int = 0
    entries: int = 0

    def __add__(self, other: "Removed") -> "Removed":
        return Removed(self.epochs + other.epochs, self.entries + other.entries)


class Store(Protocol):
    """See the module's docstring. Raises StoreUnavailable and NotANumber, nothing else."""

    def read(self, entry_key: str, epoch_keys: Sequence[str]) -> Found:
        """One entry with its epochs, in one trip."""

    def read_many(self, asks: Sequence[tuple[str, Sequence[str]]]) -> list[Found]:
        """Several entries, each with its epochs, in one trip."""

    def ensure_epochs(self, tenant: str, scope: Scope, epoch_keys: Sequence[str]) -> tuple[str, ...]:
        """The current tokens, made where they were missing. To be called before a fetch begins."""

    def write(
        self, tenant: str, scope: Scope, key: str, data: bytes, *, ttl: int, kinds: Sequence[str], has_validator: bool
    ) -> None:
        """Keeps an entry for `ttl` seconds and notes it in the index of its scope: both or neither."""

    def delete(self, tenant: str, scope: Scope, entry_key: str) -> int:
        """Deletes one entry; how many there were."""

    def renew_all(self, tenant: str, kinds: Mapping[Scope, Sequence[str]]) -> Removed:
        """New epochs for these kinds of their scopes, in one trip; their entries without a validator go."""

    def purge(self, tenant: str, scope: Scope) -> Removed:
        """New epochs for every kind of the scope; all of its entries go."""

    def scopes(self, tenant: str) -> list[Scope]:
        """The scopes of which anything was kept."""

    def tenants(self) -> list[str]:
        """The tenants of whom anything was kept."""

    def perform(self, operations: Sequence[Operation]) -> list[Outcome]:
        """Operations on small values, in their order, in one trip; a NotANumber stands in the place of its outcome."""

    def clear(self, index: str) -> int:
        """Deletes every value that was put under an index; how many there were."""


class EverydayForms:
    """`perform` for one value on a full key out of `keys`, and `renew_all` for one scope."""

    def renew(self: Store, tenant: str, scope: Scope, kinds: Sequence[str]) -> Removed:
        return self.renew_all(tenant, {scope: kinds})

    def get(self: Store, key: str) -> bytes | None:
        value = self.perform([Get(key)])[0]
        return value if isinstance(value, bytes) else None

    def set(self: Store, key: str, value: bytes, ttl: int) -> None:
        self.perform([Put(key, value, ttl)])

    def delete_plain(self: Store, key: str) -> bool:
        return bool(self.perform([Delete(key)])[0])


def purge_tenants(store: Store, tenant: str | None) -> Removed:
    """Purges every scope of a tenant, or of all tenants."""
    tenants = store.tenants() if tenant is None else [tenant]
    return sum((store.purge(each, scope) for each in tenants for scope in store.scopes(each)), Removed())


def every_kind(scope: Scope) -> tuple[str, ...]:
    """The names of all kinds that a scope has."""
    return tuple(kind.name for kind in kinds_of(scope.kind))
