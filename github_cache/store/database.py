"""The store in the default database, for where there is no Redis: shared by the web workers and the Celery worker.

An invalidation by one process is therefore seen by all of them at once. It costs a query per read; what has ended is
deleted now and then by those who write.
"""

import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext

from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet

from github_cache import epochs, keys
from github_cache.keys import Scope
from github_cache.store import operations as op
from github_cache.store.contract import EPOCH_SECONDS, EverydayForms, Found, Removed, StoreUnavailable, every_kind
from github_cache.store.rows import KeptValue

MOST_ROWS = 100_000
_SWEEP_ONE_WRITE_IN = 200


class DatabaseStore(EverydayForms):
    """The contract in one table. `clock` gives epoch seconds."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    def read(self, entry_key: str, epoch_keys: Sequence[str]) -> Found:
        return self.read_many([(entry_key, epoch_keys)])[0]

    def read_many(self, asks: Sequence[tuple[str, Sequence[str]]]) -> list[Found]:
        with _failures():
            values = self._values({key for entry, epochs_of in asks for key in (entry, *epochs_of)})
        return [Found(values.get(entry), _texts(values, epochs_of)) for entry, epochs_of in asks]

    def ensure_epochs(self, tenant: str, scope: Scope, epoch_keys: Sequence[str]) -> tuple[str, ...]:
        with _failures():
            values = self._values(epoch_keys)
            if missing := [key for key in epoch_keys if key not in values]:
                now, token = self._clock(), epochs.created(secrets.token_hex(8)).encode()
                KeptValue.objects.filter(key__in=missing, ends__lte=now).delete()
                rows = [KeptValue(key=key, data=token, ends=now + EPOCH_SECONDS) for key in missing]
                KeptValue.objects.bulk_create(rows, ignore_conflicts=True)
                values = self._values(epoch_keys)
        return tuple(token or "" for token in _texts(values, epoch_keys))

    def write(
        self, tenant: str, scope: Scope, key: str, data: bytes, *, ttl: int, kinds: Sequence[str], has_validator: bool
    ) -> None:
        deleted_with = "" if has_validator else "".join(f"|{kind}|" for kind in kinds)
        with _failures():
            self._keep(
                [
                    KeptValue(
                        key=key,
                        index=keys.index(tenant, scope),
                        deleted_with=deleted_with,
                        data=data,
                        ends=self._clock() + ttl,
                    )
                ]
            )
            if random.randrange(_SWEEP_ONE_WRITE_IN) == 0:
                self.sweep()

    def delete(self, tenant: str, scope: Scope, entry_key: str) -> int:
        with _failures():
            return self._alive().filter(key=entry_key).delete()[0]

    def renew_all(self, tenant: str, kinds: Mapping[Scope, Sequence[str]]) -> Removed:
        goes = Q(pk__in=())
        for scope, names in kinds.items():
            for kind in names:
                goes |= Q(index=keys.index(tenant, scope), deleted_with__contains=f"|{kind}|")
        return self._renewed(tenant, kinds, goes)

    def purge(self, tenant: str, scope: Scope) -> Removed:
        return self._renewed(tenant, {scope: every_kind(scope)}, Q(index=keys.index(tenant, scope)))

    def scopes(self, tenant: str) -> list[Scope]:
        prefix = f"{keys.ROOT}:{tenant}:index:"
        with _failures():
            indexes = KeptValue.objects.filter(index__startswith=prefix).values_list("index", flat=True).distinct()
            return [Scope.parse(index.removeprefix(prefix)) for index in indexes]

    def tenants(self) -> list[str]:
        with _failures():
            indexes = KeptValue.objects.filter(index__contains=":index:{").values_list("index", flat=True).distinct()
            return list(dict.fromkeys(index.split(":")[1] for index in indexes))

    def perform(self, operations: Sequence[op.Operation]) -> list[op.Outcome]:
        with _failures():
            if all(isinstance(operation, op.Get) for operation in operations):
                values = self._values({operation.key for operation in operations})
                return [values.get(operation.key) for operation in operations]
            with transaction.atomic():
                return [self._performed(operation) for operation in operations]

    def clear(self, index: str) -> int:
        with _failures():
            return self._alive().filter(index=index).delete()[0]

    def recover(self) -> None:
        """A database loses no epochs; this only finds out whether it answers."""
        with _failures():
            KeptValue.objects.exists()

    def sweep(self) -> int:
        """Deletes what has ended, and of too many rows those that end first; how many went."""
        now = self._clock()
        gone = KeptValue.objects.filter(ends__lte=now).delete()[0]
        if KeptValue.objects.count() > MOST_ROWS:
            limit = KeptValue.objects.order_by("ends").values_list("ends", flat=True)[MOST_ROWS // 10]
            gone += KeptValue.objects.filter(ends__lte=limit).delete()[0]
        return gone

    def _performed(self, operation: op.Operation) -> op.Outcome:
        now = self._clock()
        match operation:
            case op.Get(key):
                return self._values([key]).get(key)
            case op.Put(key, data, ttl, index):
                self._keep([KeptValue(key=key, index=index or "", data=data, ends=now + ttl)])
                return True
            case op.Delete(key):
                return bool(self._alive().filter(key=key).delete()[0])
            case op.Add(key, amount, ttl, index):
                row = self._alive().select_for_update().filter(key=key).first()
                total = op.whole_number(bytes(row.data) if row else None, amount)
                if not isinstance(total, op.NotANumber):
                    ends = row.ends if row else now + ttl
                    self._keep([KeptValue(key=key, index=index or "", data=b"%d" % total, ends=ends)])
                return total
            case op.Expire(key, ttl, _):
                return bool(self._alive().filter(key=key).update(ends=now + ttl))
            case op.Take(key, holder, ttl, index):
                return self._taken(key, holder, now + ttl, index or "")
            case op.Keep() | op.Release() | op.Fail():
                data, seconds = op.left(operation)
                held = self._alive().filter(key=operation.key, data=operation.holder)
                return bool(held.update(data=data, ends=now + seconds) if seconds else held.delete()[0])
            case op.TimeToLive(key):
                ends = self._alive().filter(key=key).values_list("ends", flat=True).first()
                return None if ends is None else ends - now

    def _taken(self, key: str, holder: bytes, ends: float, index: str) -> bytes:
        """Only one of those who ask at the same moment can insert the row, or update the one that ended."""
        held = self._values([key]).get(key)
        if held is not None and not held.startswith(op.failed(b"")):
            return held
        free = KeptValue.objects.filter(Q(ends__lte=self._clock()) | Q(data=held or b""), key=key)
        if not free.update(index=index, data=holder, ends=ends):
            row = KeptValue(key=key, index=index, data=holder, ends=ends)
            KeptValue.objects.bulk_create([row], ignore_conflicts=True)
        return self._values([key]).get(key, holder)

    def _alive(self) -> QuerySet[KeptValue]:
        return KeptValue.objects.filter(ends__gt=self._clock())

    def _values(self, wanted: Sequence[str] | set[str]) -> dict[str, bytes]:
        rows = self._alive().filter(key__in=wanted).values_list("key", "data")
        return {key: bytes(data) for key, data in rows}

    def _keep(self, rows: list[KeptValue]) -> None:
        KeptValue.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["key"],
            update_fields=["index", "deleted_with", "data", "ends"],
        )

    def _renewed(self, tenant: str, kinds: Mapping[Scope, Sequence[str]], goes: Q) -> Removed:
        now = self._clock()
        token = epochs.renewed(now, secrets.token_hex(8)).encode()
        renewed = [keys.epoch(tenant, scope, kind) for scope, names in kinds.items() for kind in names]
        with _failures(), transaction.atomic():
            self._keep([KeptValue(key=key, data=token, ends=now + EPOCH_SECONDS) for key in renewed])
            gone = self._alive().filter(goes).delete()[0]
        return Removed(len(renewed), gone)


@contextmanager
def _failures() -> Iterator[None]:
    """What fails here must not spoil a transaction that the caller has open."""
    try:
        with transaction.atomic() if transaction.get_connection().in_atomic_block else nullcontext():
            yield
    except DatabaseError as error:
        raise StoreUnavailable(f"{type(error).__name__}: {error}") from error


def _texts(values: dict[str, bytes], wanted: Sequence[str]) -> tuple[str | None, ...]:
    return tuple(values[key].decode("ascii", "replace") if key in values else None for key in wanted)
