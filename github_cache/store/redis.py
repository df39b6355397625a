"""The store in Redis: entries, epochs and indexes by short scripts, so that nothing is ever half written.

Everything is one round trip, bounded by REDIS_SOCKET_TIMEOUT; SCAN and KEYS are never sent. Each failure comes out as
StoreUnavailable: what to do then is decided in failover.py. Written to the command set of Redis 6.2.
"""

import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from github_cache import epochs, keys
from github_cache.keys import Scope
from github_cache.store import operations as op
from github_cache.store.contract import (
    EPOCH_SECONDS,
    EverydayForms,
    Found,
    Removed,
    StoreFull,
    StoreRestarted,
    StoreUnavailable,
    every_kind,
)
from ratelimit import deferred

_LUA = Path(__file__).parent / "lua"
_WRITE, _TAKE, _LEAVE, _RENEW = ((_LUA / f"{name}.lua").read_text() for name in ("write", "take", "leave", "renew"))
_CHUNK = 1000
_RUN_ID = re.compile(rb"run_id:(\w+)")


class Restarted(RedisError):
    """A connection was opened to another server process than the one that the kept data were found whole in. Redis
    answers, so it's no ConnectionError, after which it would be left alone."""


class RedisStore(EverydayForms):
    """The contract over one client, which decodes nothing, doesn't retry, and whose pool is the store's own.

    A server that comes back from a snapshot, or a replica that takes over, may have lost the last epochs, and would
    then give out what was invalidated. So each new connection is asked for its server's run ID; after a change
    nothing is read until `recover` has renewed all epochs.
    """

    def __init__(self, client: redis.Redis) -> None:
        self.client: Any = client  # its answers are bytes, which redis-py's types do not tell
        self._run = ""
        self._recovering = threading.local()
        client.connection_pool.connection_kwargs["redis_connect_func"] = self._connected
        self._ensure = client.register_script((_LUA / "ensure.lua").read_text())

    def read(self, entry_key: str, epoch_keys: Sequence[str]) -> Found:
        data, *tokens = self._values([entry_key, *epoch_keys])
        return Found(data, _texts(tokens))

    def read_many(self, asks: Sequence[tuple[str, Sequence[str]]]) -> list[Found]:
        if not asks:
            return []
        values = iter(self._values([key for entry, epochs_of in asks for key in (entry, *epochs_of)]))
        return [Found(next(values), _texts([next(values) for _ in epochs_of])) for _, epochs_of in asks]

    def _values(self, names: Sequence[str]) -> list[Any]:
        """What stands under these keys; the same trip counts the request that this is for, where that was put off."""
        spend = deferred.waiting()
        read = ("MGET", *names)
        with _failures():
            if spend is None:
                (values,) = _raised(self._trip(read))
            else:
                counted, values = self._trip(("EVALSHA", *spend.command()), read)
                spend.answered(counted)
                _raised([values])
            return list(values)

    def _trip(self, *commands: tuple[str | int, ...]) -> list[Any]:
        """The answers to commands that are sent at one go, errors among them: what redis-py does for each command of
        its own, without what it also does, which takes as long again."""
        pool = self.client.connection_pool
        connection = pool.get_connection()
        try:

            def talk() -> list[Any]:
                connection.send_packed_command(connection.pack_commands(commands))
                return [_read(connection) for _ in commands]

            return connection.retry.call_with_retry(talk, lambda _: connection.disconnect())
        finally:
            pool.release(connection)

    def ensure_epochs(self, tenant: str, scope: Scope, epoch_keys: Sequence[str]) -> tuple[str, ...]:
        if not epoch_keys:
            return ()
        with _failures():
            tokens = self._ensure(epoch_keys, [epochs.created(secrets.token_hex(8)), EPOCH_SECONDS])
        return tuple(token.decode() for token in tokens)

    def write(
        self, tenant: str, scope: Scope, key: str, data: bytes, *, ttl: int, kinds: Sequence[str], has_validator: bool
    ) -> None:
        index = keys.index(tenant, scope)
        names = [key, index, *(keys.unvalidated(tenant, scope, kind) for kind in kinds)]
        with _failures():
            pipe = self.client.pipeline(transaction=False)
            pipe.eval(_WRITE, len(names), *names, data, ttl, "yes" if has_validator else "no")
            pipe.sadd(keys.scopes(tenant), str(scope))
            pipe.sadd(keys.tenants(), tenant)
            pipe.execute()

    def delete(self, tenant: str, scope: Scope, entry_key: str) -> int:
        with _failures():
            pipe = self.client.pipeline(transaction=True)
            pipe.unlink(entry_key)
            pipe.zrem(keys.index(tenant, scope), entry_key)
            return int(pipe.execute()[0])

    def renew_all(self, tenant: str, kinds: Mapping[Scope, Sequence[str]]) -> Removed:
        return self._renewed(tenant, kinds, ())

    def purge(self, tenant: str, scope: Scope) -> Removed:
        return self._renewed(tenant, {scope: every_kind(scope)}, (keys.index(tenant, scope),))

    def recover(self) -> None:
        """Renews every epoch where the server was restarted since they were last found whole; also finds out whether
        it takes writes. Raises StoreUnavailable."""
        self._recovering.now = True
        try:
            with _failures():
                run, known = str(self.client.info("server").get("run_id", "")), self.client.get(keys.server_run())
                if known != run.encode():
                    for tenant in self.tenants():
                        for scope in self.scopes(tenant):
                            self.renew(tenant, scope, every_kind(scope))
                self.client.set(keys.server_run(), run)
            self._run = run
        finally:
            self._recovering.now = False

    def _connected(self, connection: Any) -> None:
        connection.on_connect()
        connection.send_command("INFO", "server")
        found = _RUN_ID.search(connection.read_response())
        run = found[1].decode() if found else ""
        if self._run != run and not getattr(self._recovering, "now", False):
            raise Restarted("Redis was restarted: what it kept has to be checked first")

    def _renewed(self, tenant: str, kinds: Mapping[Scope, Sequence[str]], sets: Sequence[str]) -> Removed:
        """`sets` hold what goes beside the entries of these kinds that have no validator."""
        token = epochs.renewed(time.time(), secrets.token_hex(8))
        with _failures():
            pipe = self.client.pipeline(transaction=False)
            for scope, names in kinds.items():
                renewed = [keys.epoch(tenant, scope, name) for name in names]
                members = [*sets, *(keys.unvalidated(tenant, scope, name) for name in names)]
                named = [*renewed, *members, keys.index(tenant, scope)]
                pipe.eval(_RENEW, len(named), *named, token, EPOCH_SECONDS, len(renewed))
            deleted = pipe.execute()
        return Removed(sum(map(len, kinds.values())), sum(deleted))

    def scopes(self, tenant: str) -> list[Scope]:
        with _failures():
            return [Scope.parse(member.decode()) for member in self.client.smembers(keys.scopes(tenant))]

    def tenants(self) -> list[str]:
        with _failures():
            return [member.decode() for member in self.client.smembers(keys.tenants())]

    def perform(self, operations: Sequence[op.Operation]) -> list[op.Outcome]:
        if not operations:
            return []
        with _failures():
            if len(operations) == 1 and isinstance(operations[0], op.Get):
                return [self.client.get(operations[0].key)]
            pipe = self.client.pipeline(transaction=True)
            meanings = [_queue(pipe, operation) for operation in operations]
            answers = iter(pipe.execute(raise_on_error=False))
            return [meaning([next(answers) for _ in range(commands)]) for commands, meaning in meanings]

    def clear(self, index: str) -> int:
        with _failures():
            members = self.client.zrange(index, 0, -1)
            pipe = self.client.pipeline(transaction=True)
            for first in range(0, len(members), _CHUNK):
                pipe.unlink(*members[first : first + _CHUNK])
                pipe.zrem(index, *members[first : first + _CHUNK])
            return sum(pipe.execute()[::2])


Meaning = Callable[[list[Any]], op.Outcome]


def _queue(pipe: Any, operation: op.Operation) -> tuple[int, Meaning]:
    """Puts an operation's commands into a pipeline: how many they are, and what their answers mean."""
    match operation:
        case op.Get(key):
            pipe.get(key)
            return 1, _last
        case op.Put(key, data, ttl, index):
            pipe.set(key, data, ex=ttl)
            return 1 + _note(pipe, index, key, ttl), lambda answers: bool(_raised(answers)[0])
        case op.Delete(key):
            pipe.unlink(key)
            return 1, lambda answers: bool(_last(answers))
        case op.Add(key, amount, ttl, index):
            pipe.set(key, 0, ex=ttl, nx=True)
            noted = _note(pipe, index, key, ttl)
            pipe.incrby(key, amount)
            return 2 + noted, _last
        case op.Expire(key, ttl, index):
            noted = _note(pipe, index, key, ttl)
            pipe.expire(key, ttl)
            return 1 + noted, lambda answers: bool(_last(answers))
        case op.Take(key, holder, ttl, index):
            noted = _note(pipe, index, key, ttl)
            pipe.eval(_TAKE, 1, key, holder, ttl)
            return 1 + noted, _last
        case op.Keep() | op.Release() | op.Fail():
            pipe.eval(_LEAVE, 1, operation.key, operation.holder, *reversed(op.left(operation)))
            return 1, lambda answers: bool(_last(answers))
        case op.TimeToLive(key):
            pipe.pttl(key)
            return 1, lambda answers: None if _last(answers) < 0 else _last(answers) / 1000


def _note(pipe: Any, index: str | None, key: str, ttl: int) -> int:
    """Notes a key in its index, sorted by when it ends, and trims what has ended: how many commands that are."""
    if index is None:
        return 0
    now = time.time()
    pipe.zadd(index, {key: now + ttl})
    pipe.zremrangebyscore(index, "-inf", now - 60)
    pipe.expire(index, op.MAX_TTL + 60)
    return 3


def _read(connection: Any) -> Any:
    try:
        return connection.read_response()
    except ResponseError as error:
        return error


def _raised(answers: list[Any]) -> list[Any]:
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers


def _last(answers: list[Any]) -> Any:
    *others, last = answers
    _raised(others)
    if isinstance(last, ResponseError) and ("not an integer" in str(last) or "overflow" in str(last)):
        return op.NotANumber(str(last))
    return _raised([last])[0]


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except Restarted as error:
        raise StoreRestarted(str(error)) from error
    except OutOfMemoryError as error:
        raise StoreFull(f"{type(error).__name__}: {error}") from error
    except RedisError as error:
        raise StoreUnavailable(f"{type(error).__name__}: {error}") from error


def _texts(tokens: Sequence[bytes | None]) -> tuple[str | None, ...]:
    return tuple(None if token is None else token.decode("ascii", "replace") for token in tokens)
