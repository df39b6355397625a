"""The store in the memory of one process, bounded in bytes: what is least recently used goes first.

It stands in while Redis is away. Since it hears of no other process's invalidations, its epochs can be given a short
life: then an entry is fresh for no longer than that, and is revalidated for free afterwards.
"""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from github_cache import epochs, keys
from github_cache.keys import Scope
from github_cache.store import operations as op
from github_cache.store.contract import EPOCH_SECONDS, EverydayForms, Found, Removed, every_kind

_OVERHEAD = 300
"""What an entry costs beside its key and data, bytes."""


@dataclass(slots=True)
class _Kept:
    data: bytes
    ends: float
    index: str | None
    deleted_with: frozenset[str]
    """The kinds whose renewal deletes it."""

    def size(self, key: str) -> int:
        return len(self.data) + len(key) + _OVERHEAD


class MemoryStore(EverydayForms):
    """The contract in a dict. `clock` gives epoch seconds."""

    def __init__(
        self, max_bytes: int, *, epoch_seconds: float = EPOCH_SECONDS, clock: Callable[[], float] = time.time
    ) -> None:
        self._max_bytes = max_bytes
        self._epoch_seconds = epoch_seconds
        self._clock = clock
        self._lock = threading.RLock()
        self.forget_all()

    def forget_all(self) -> None:
        """Drops everything."""
        with self._lock:
            self._kept: OrderedDict[str, _Kept] = OrderedDict()
            self._epochs: dict[str, tuple[str, float]] = {}
            self._indexes: dict[str, set[str]] = {}
            self._scopes: dict[str, set[Scope]] = {}
            self._bytes = 0

    def forget_epochs(self, epoch_keys: Sequence[str]) -> None:
        """What was kept under them has to be revalidated."""
        with self._lock:
            for key in epoch_keys:
                self._epochs.pop(key, None)

    def read(self, entry_key: str, epoch_keys: Sequence[str]) -> Found:
        with self._lock:
            return Found(self._get(entry_key), tuple(self._token(key) for key in epoch_keys))

    def read_many(self, asks: Sequence[tuple[str, Sequence[str]]]) -> list[Found]:
        return [self.read(*ask) for ask in asks]

    def ensure_epochs(self, tenant: str, scope: Scope, epoch_keys: Sequence[str]) -> tuple[str, ...]:
        with self._lock:
            return tuple(
                self._token(key) or self._renew(key, epochs.created(secrets.token_hex(8))) for key in epoch_keys
            )

    def write(
        self, tenant: str, scope: Scope, key: str, data: bytes, *, ttl: int, kinds: Sequence[str], has_validator: bool
    ) -> None:
        with self._lock:
            self._scopes.setdefault(tenant, set()).add(scope)
            deleted_with = frozenset() if has_validator else frozenset(kinds)
            self._keep(key, _Kept(data, self._clock() + ttl, keys.index(tenant, scope), deleted_with))

    def delete(self, tenant: str, scope: Scope, entry_key: str) -> int:
        with self._lock:
            return self._drop(entry_key)

    def renew_all(self, tenant: str, kinds: Mapping[Scope, Sequence[str]]) -> Removed:
        def one(scope: Scope, names: Sequence[str]) -> Removed:
            touched = frozenset(names)
            return self._renewed(tenant, scope, names, lambda kept: not touched.isdisjoint(kept.deleted_with))

        return sum((one(scope, names) for scope, names in kinds.items()), Removed())

    def purge(self, tenant: str, scope: Scope) -> Removed:
        return self._renewed(tenant, scope, every_kind(scope), lambda _: True)

    def scopes(self, tenant: str) -> list[Scope]:
        with self._lock:
            return list(self._scopes.get(tenant, ()))

    def tenants(self) -> list[str]:
        with self._lock:
            return list(self._scopes)

    def perform(self, operations: Sequence[op.Operation]) -> list[op.Outcome]:
        with self._lock:
            return [self._performed(operation) for operation in operations]

    def clear(self, index: str) -> int:
        with self._lock:
            return sum(self._drop(key) for key in tuple(self._indexes.get(index, ())))

    def _performed(self, operation: op.Operation) -> op.Outcome:
        match operation:
            case op.Get(key):
                return self._get(key)
            case op.Put(key, data, ttl, index):
                self._keep(key, _Kept(data, self._clock() + ttl, index, frozenset()))
                return True
            case op.Delete(key):
                return bool(self._drop(key))
            case op.Add(key, amount, ttl, index):
                stored = self._get(key)
                total = op.whole_number(stored, amount)
                if not isinstance(total, op.NotANumber):
                    ends = self._kept[key].ends if stored is not None else self._clock() + ttl
                    self._keep(key, _Kept(b"%d" % total, ends, index, frozenset()))
                return total
            case op.Expire(key, ttl, _):
                if self._get(key) is None:
                    return False
                self._kept[key].ends = self._clock() + ttl
                return True
            case op.Take(key, holder, ttl, index):
                held = self._get(key)
                if held is not None and not held.startswith(op.failed(b"")):
                    return held
                self._keep(key, _Kept(holder, self._clock() + ttl, index, frozenset()))
                return holder
            case op.Keep() | op.Release() | op.Fail():
                return self._left(operation)
            case op.TimeToLive(key):
                return None if self._get(key) is None else self._kept[key].ends - self._clock()

    def _left(self, operation: op.Keep | op.Release | op.Fail) -> bool:
        if self._get(operation.key) != operation.holder:
            return False
        data, seconds = op.left(operation)
        self._drop(operation.key)
        if seconds:
            self._keep(operation.key, _Kept(data, self._clock() + seconds, None, frozenset()))
        return True

    def _get(self, key: str) -> bytes | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.ends <= self._clock():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept.data

    def _keep(self, key: str, kept: _Kept) -> None:
        self._drop(key)
        self._kept[key] = kept
        self._bytes += kept.size(key)
        if kept.index:
            self._indexes.setdefault(kept.index, set()).add(key)
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: str) -> int:
        kept = self._kept.pop(key, None)
        if kept is None:
            return 0
        self._bytes -= kept.size(key)
        if kept.index:
            members = self._indexes[kept.index]
            members.discard(key)
            if not members:
                del self._indexes[kept.index]
        return 1

    def _renewed(self, tenant: str, scope: Scope, kinds: Sequence[str], goes: Callable[[_Kept], bool]) -> Removed:
        with self._lock:
            token = epochs.renewed(self._clock(), secrets.token_hex(8))
            for kind in kinds:
                self._renew(keys.epoch(tenant, scope, kind), token)
            members = tuple(self._indexes.get(keys.index(tenant, scope), ()))
            return Removed(len(kinds), sum(self._drop(key) for key in members if goes(self._kept[key])))

    def _token(self, key: str) -> str | None:
        token, ends = self._epochs.get(key, (None, 0.0))
        return token if ends > self._clock() else None

    def _renew(self, key: str, token: str) -> str:
        if len(self._epochs) * _OVERHEAD > self._max_bytes:
            self._epochs.clear()
        self._epochs[key] = (token, self._clock() + self._epoch_seconds)
        return token
