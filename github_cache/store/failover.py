"""What happens while the store is away: everything goes on from a memory of the process, and nothing raises.

A failure is answered from the memory at once; the breaker decides when the store is tried again. Before it is read
again, it is recovered: what it may have lost or missed is invalidated first (see `recover` and pending.py), and the
memory is emptied. Each change is logged once and shows in `cache_store_state`. See docs/architecture.md.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from github_cache import breaker, metrics
from github_cache.breaker import Leave, State
from github_cache.keys import Scope
from github_cache.store import operations as op
from github_cache.store.contract import (
    EverydayForms,
    Found,
    Removed,
    Store,
    StoreFull,
    StoreRestarted,
    StoreUnavailable,
    purge_tenants,
)
from github_cache.store.memory import MemoryStore
from github_cache.store.pending import Pending, Waits

T = TypeVar("T")
log = logging.getLogger("hubcache.store")

HEAR_SECONDS = 1.0
"""How often the memory is told of the invalidations that other processes noted."""
FIRST_TRY_SECONDS = 1.0
"""How long the first callers wait to hear from the one who tries the store."""
RETRY_SECONDS = 0.25
"""How often an invalidation that waits is tried again."""


class Primary(Store, Protocol):
    """A store that may be away."""

    def recover(self) -> None:
        """Finds out whether it can be read and written, and renews the epochs that it may have lost."""


class Failover(EverydayForms):
    """The contract over a store that may be away. `monotonic` is the breaker's clock, in seconds."""

    def __init__(
        self,
        primary: Primary,
        memory: MemoryStore,
        pending: Pending,
        *,
        name: str,
        policy: breaker.Policy = breaker.Policy(),  # noqa: B008  (frozen)
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.primary = primary
        self._memory = memory
        self._pending = pending
        self._name = name
        self._policy = policy
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._breaker = breaker.UNTRIED
        self._known_away: bool | None = None
        self._full = False
        self._retrying = False
        self._tried = threading.Event()
        self._heard_at = float("-inf")

    @property
    def state(self) -> State:
        """Of the breaker, as health shows it."""
        return self._breaker.state

    def reachable(self) -> bool:
        """Whether the store may be used now; tries it first, where it is time for that."""
        if self._breaker is breaker.HEALTHY:
            return True
        with self._lock:
            self._breaker, leave = breaker.ask(self._breaker, self._monotonic(), self._policy)
        if leave is Leave.PROBE:
            try:
                return self._recovered()
            finally:
                self._tried.set()
        if leave is Leave.STAY and not self._tried.is_set():
            # The process has just started, and another thread finds out.
            self._tried.wait(FIRST_TRY_SECONDS)
            return self._breaker is breaker.HEALTHY
        return leave is Leave.GO

    def read(self, entry_key: str, epoch_keys: Sequence[str]) -> Found:
        return self._either("read", lambda store: store.read(entry_key, epoch_keys))

    def read_many(self, asks: Sequence[tuple[str, Sequence[str]]]) -> list[Found]:
        return self._either("read", lambda store: store.read_many(asks))

    def ensure_epochs(self, tenant: str, scope: Scope, epoch_keys: Sequence[str]) -> tuple[str, ...]:
        return self._either("ensure", lambda store: store.ensure_epochs(tenant, scope, epoch_keys))

    def write(
        self, tenant: str, scope: Scope, key: str, data: bytes, *, ttl: int, kinds: Sequence[str], has_validator: bool
    ) -> None:
        def step(store: Store) -> None:
            store.write(tenant, scope, key, data, ttl=ttl, kinds=kinds, has_validator=has_validator)

        self._either("write", step)

    def delete(self, tenant: str, scope: Scope, entry_key: str) -> int:
        return self._dropping(
            lambda store: store.delete(tenant, scope, entry_key), lambda: self._pending.add_keys([entry_key])
        )

    def renew_all(self, tenant: str, kinds: Mapping[Scope, Sequence[str]]) -> Removed:
        def remember() -> None:
            for scope in kinds:
                self._pending.add(Waits(tenant, scope))

        return self._dropping(lambda store: store.renew_all(tenant, kinds), remember)

    def purge(self, tenant: str, scope: Scope) -> Removed:
        waits = Waits(tenant, scope)
        return self._dropping(lambda store: store.purge(tenant, scope), lambda: self._pending.add(waits))

    def purge_tenant(self, tenant: str | None) -> Removed:
        """Purges every scope of a tenant; of all tenants for None."""
        waits = Waits(tenant, None)
        return self._dropping(lambda store: purge_tenants(store, tenant), lambda: self._pending.add(waits))

    def scopes(self, tenant: str) -> list[Scope]:
        return self._either("read", lambda store: store.scopes(tenant))

    def tenants(self) -> list[str]:
        return self._either("read", lambda store: store.tenants())

    def perform(self, operations: Sequence[op.Operation]) -> list[op.Outcome]:
        changed = [
            operation.key for operation in operations if isinstance(operation, op.Put | op.Delete | op.Add | op.Expire)
        ]

        def missed() -> None:
            if changed:
                self._pending.add_keys(changed)
                self._keep_off()

        return self._either("perform", lambda store: store.perform(operations), missed)

    def clear(self, index: str) -> int:
        return self._dropping(lambda store: store.clear(index), lambda: self._pending.add_index(index))

    def heard(self, epoch_keys: Sequence[str]) -> None:
        """Other processes renewed these epochs, while this one may be going on from its memory: a single time-out
        under load is enough for that."""
        self._memory.forget_epochs(epoch_keys)

    def _either(self, operation: str, step: Callable[[Store], T], missed: Callable[[], None] = lambda: None) -> T:
        """What the store says, or else the memory; `missed` notes what the store must be told when it is back."""
        if self.reachable():
            try:
                with metrics.STORE_SECONDS.labels(operation).time():
                    return step(self.primary)
            except StoreUnavailable as error:
                self._failed(error)
        missed()
        return step(self._memory_that_heard())

    def _dropping(self, step: Callable[[Store], T], remember: Callable[[], None]) -> T:
        """An invalidation. It is sent to a full store too, since a deletion is never refused; where it cannot be
        carried out, the store is not read again by this process before it was."""
        if self._full or self.reachable():
            try:
                with metrics.STORE_SECONDS.labels("invalidate").time():
                    gone = step(self.primary)
                step(self._memory)
                return gone
            except StoreUnavailable as error:
                self._failed(error)
        remember()
        self._keep_off()
        return step(self._memory)

    def _memory_that_heard(self) -> MemoryStore:
        """The memory, after what other processes could not invalidate either was invalidated in it."""
        now = self._monotonic()
        if now - self._heard_at >= HEAR_SECONDS:
            self._heard_at = now
            self._pending.pass_on(self._memory)
        return self._memory

    def _failed(self, error: StoreUnavailable) -> None:
        metrics.STORE_FAILURES.labels(type(error.__cause__).__name__).inc()
        with self._lock:
            if self._breaker.state is State.CLOSED:
                # Until now the store was read, and the memory has heard of nothing.
                self._memory.forget_all()
            self._full = isinstance(error, StoreFull)
            if isinstance(error, StoreRestarted):
                self._breaker = breaker.UNTRIED
            else:
                self._breaker = breaker.failed(self._breaker, self._monotonic(), self._policy)
        self._tell(error)

    def _recovered(self) -> bool:
        """The one probe: True where the store is whole again, and from then on in use."""
        try:
            self.primary.recover()
            carried_out = self._pending.carry_out(self.primary)
        except StoreUnavailable as error:
            self._failed(error)
            return False
        self._memory.forget_all()
        with self._lock:
            self._breaker, self._full = breaker.HEALTHY, False
        self._tell(None, carried_out)
        return True

    def _tell(self, error: StoreUnavailable | None, carried_out: int = 0) -> None:
        """Logs a change of the breaker between closed and not, once."""
        with self._lock:
            away = self._breaker.state is not State.CLOSED
            changed, was_told = away != self._known_away, self._known_away is not None
            self._known_away = away
        metrics.STORE_AWAY.set(away)
        if changed and away:
            log.warning(
                "the store is away: this process goes on from its memory",
                extra={"store": self._name, "error": str(error)},
            )
        elif changed and was_told:
            log.warning("the store is back", extra={"store": self._name, "invalidated_scopes": carried_out})

    def _keep_off(self) -> None:
        """Does not use the store again before what waits is carried out; lets a thread try until it is, since this
        process may not be asked again."""
        with self._lock:
            if self._breaker.state is State.CLOSED:
                self._breaker = breaker.tripped(self._breaker, self._monotonic(), self._policy)
            if self._retrying:
                return
            self._retrying = True
        threading.Thread(target=self._retry, name="store-recovery", daemon=True).start()

    def _retry(self) -> None:
        over = threading.Event()
        while not self.reachable():
            over.wait(RETRY_SECONDS)
        self._retrying = False
