"""Invalidations that could not be written: remembered by the process and in the database until they are carried out.

The row is there for the other processes and for a process that is killed; the process's own memory for when the
database cannot take the row. Keys of single values that were changed meanwhile are remembered by the process alone.
"""

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from django.db import DatabaseError, transaction

from github_cache.keys import Scope
from github_cache.store.contract import Store, purge_tenants
from github_cache.store.operations import Delete
from github_cache.store.rows import PendingInvalidation

log = logging.getLogger("hubcache.store")


@dataclass(frozen=True, slots=True)
class Waits:
    """A scope of a tenant that has to be purged; None for all of them."""

    tenant: str | None
    scope: Scope | None

    def carry_out(self, store: Store) -> None:
        """Raises StoreUnavailable."""
        if self.tenant is not None and self.scope is not None:
            store.purge(self.tenant, self.scope)
        else:
            purge_tenants(store, self.tenant)


class Notebook(Protocol):
    """Where scopes are noted so that other processes read of them too."""

    def note(self, waits: Waits) -> None: ...
    def read(self) -> dict[int, Waits]: ...
    def strike(self, notes: Iterable[int]) -> None: ...


class Rows:
    """The notebook in the database. That it is away is logged once, and must not stop an invalidation."""

    def __init__(self) -> None:
        self._away = False

    def note(self, waits: Waits) -> None:
        try:
            with transaction.atomic():
                PendingInvalidation.objects.create(tenant=waits.tenant or "", scope=str(waits.scope or ""))
        except DatabaseError as error:
            self._tell("an invalidation is remembered by this process only: the database did not take it", error)

    def read(self) -> dict[int, Waits]:
        try:
            rows = PendingInvalidation.objects.values_list("pk", "tenant", "scope")
            notes = {pk: Waits(tenant or None, Scope.parse(scope) if scope else None) for pk, tenant, scope in rows}
            self._away = False
            return notes
        except DatabaseError as error:
            self._tell("the invalidations that wait in the database cannot be read", error)
            return {}

    def strike(self, notes: Iterable[int]) -> None:
        try:
            PendingInvalidation.objects.filter(pk__in=list(notes)).delete()
        except DatabaseError as error:
            self._tell("invalidations that were carried out will be carried out again", error)

    def _tell(self, what: str, error: DatabaseError) -> None:
        if not self._away:
            log.error(what, extra={"error": f"{type(error).__name__}: {error}"})
        self._away = True


class Pending:
    """What has to be dropped from a store before it is read again."""

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook
        self._lock = threading.Lock()
        self._scopes: set[Waits] = set()
        self._keys: set[str] = set()
        self._indexes: set[str] = set()
        self._passed_on: set[int] = set()

    def pass_on(self, memory: Store) -> None:
        """Invalidates in a memory what processes noted since this was last called."""
        noted = self._notebook.read()
        new = noted.keys() - self._passed_on
        self._passed_on = set(noted)
        for note in new:
            noted[note].carry_out(memory)

    def add(self, waits: Waits) -> None:
        """Noted for other processes too."""
        with self._lock:
            known = waits in self._scopes
            self._scopes.add(waits)
        if not known:
            self._notebook.note(waits)

    def add_keys(self, keys: Iterable[str]) -> None:
        """Single values."""
        with self._lock:
            self._keys.update(keys)

    def add_index(self, index: str) -> None:
        """All values under an index."""
        with self._lock:
            self._indexes.add(index)

    def carry_out(self, store: Store) -> int:
        """Drops it all from `store`; how many purges that were. Raises StoreUnavailable, and then forgets nothing."""
        noted = self._notebook.read()
        with self._lock:
            scopes, keys, indexes = set(self._scopes), set(self._keys), set(self._indexes)
        waiting = scopes | set(noted.values())
        for waits in waiting:
            waits.carry_out(store)
        for index in indexes:
            store.clear(index)
        store.perform([Delete(key) for key in keys])
        with self._lock:
            self._scopes -= scopes
            self._keys -= keys
            self._indexes -= indexes
        self._notebook.strike(noted)
        return len(waiting)
