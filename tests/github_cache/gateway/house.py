"""Hubcache in this process before a sandbox GitHub, over a real Redis: asked over HTTP as its callers ask it."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
import redis
from django.http import HttpResponse
from django.test import Client

from github_cache import entries, hooks, hot, identity, listening, room, scoping, store, verification
from github_cache.entries import Entry
from github_cache.nearcache import memory
from github_cache.proxy import quotas
from github_cache.upstream import credentials, graphql, rest
from github_sandbox.entities import Repository
from github_sandbox.server import Handle
from ratelimit import connection, live
from ratelimit.governor import governor
from ratelimit.limiter import limiter

ADMIN, DEV, GUEST = "ghp_sandbox_admin_1", "ghp_sandbox_dev_1", "ghp_sandbox_guest_1"
ORG = "octo"
TENANT = "default"


def forget() -> None:
    """What this process remembers must not help the next test, and stands for another process within one."""
    for cached in (connection.client, store.get, governor, limiter):
        cached.cache_clear()
    forget_memories()
    live.refresh()


def forget_memories() -> None:
    for module in (scoping, verification, hot, hooks, quotas):
        module.forget_all()
    identity.forget_keys()
    credentials.forget()
    graphql.sizes.forget()
    rest.renames.forget_all()
    memory().clear()


def settle(background: room.Background | None = None) -> None:
    """Returns once what the background was given is done."""
    background, pause = background or room.background(), threading.Event()
    while background.busy:
        pause.wait(0.001)


@dataclass
class House:
    """`key` is an API key that may do everything; without one and without a token, a caller is nobody."""

    handle: Handle
    redis: redis.Redis
    key: str
    client: Client

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        key: str | None = None,
        body: Any = None,
        **headers: str,
    ) -> HttpResponse:
        """As a token where one is given, else with the key; `key=""` is nobody."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            given["Authorization"] = f"token {token}"
        elif key != "":
            given["X-Api-Key"] = key or self.key
        content = {} if body is None else {"data": orjson.dumps(body), "content_type": "application/json"}
        return self.client.generic(method, path, headers=given, **content)

    def get(self, path: str, **options: Any) -> HttpResponse:
        return self.ask("GET", path, **options)

    def graphql(self, query: str, variables: Mapping[str, Any] | None = None, **options: Any) -> HttpResponse:
        return self.ask("POST", "/api/graphql", body={"query": query, "variables": variables or {}}, **options)

    def repository(self, name: str = "hello") -> Repository:
        return next(each for each in self.handle.world.repositories.values() if each.full_name == f"{ORG}/{name}")

    @property
    def calls(self) -> int:
        """Calls that GitHub was sent since `forgotten`."""
        return int(self.handle.ledger.totals()["calls"])  # type: ignore[call-overload]

    @property
    def cost(self) -> int:
        """What they cost of the primary limits."""
        return int(self.handle.ledger.totals()["cost"])  # type: ignore[call-overload]

    @property
    def paths(self) -> list[str]:
        return [str(entry["path"]) for entry in self.handle.ledger.entries()]

    def forgotten(self) -> None:
        """The ledger begins anew."""
        self.handle.ledger.clear()

    def forget_limits(self) -> None:
        """As if the time of every refusal were over; what was kept is gone, too."""
        self.redis.flushdb()
        forget()

    def pass_time(self, seconds: float) -> None:
        """Everything that is kept is that much older."""
        for key in self.redis.scan_iter("hubcache:*"):
            if self.redis.type(key) == b"string":
                older = _older(key.decode(), self.redis.get(key) or b"", seconds)
                if older is not None:
                    self.redis.set(key, older, keepttl=True)
        forget_memories()


def _older(key: str, data: bytes, seconds: float) -> bytes | None:
    if ":alias:" in key:
        alias = orjson.loads(data)
        alias[4] -= seconds
        alias[7] -= seconds
        alias[3] = _older_token(alias[3], seconds)
        return orjson.dumps(alias)
    if ":proof:" in key:
        confirmed_at, _, access = data.decode().partition(" ")
        return f"{float(confirmed_at) - seconds:.3f} {_older_token(access, seconds)}".encode()
    if ":verified:" in key:
        return b"%d" % (int(data) - seconds)
    if ":epoch:" in key:
        return _older_token(data.decode(), seconds).encode()
    entry = entries.decode(data)
    if not isinstance(entry, Entry):
        return None
    aged = tuple((name, _older_token(token, seconds)) for name, token in entry.epochs)
    return entries.encode(replace(entry, stored_at=entry.stored_at - seconds, epochs=aged))


def _older_token(token: str, seconds: float) -> str:
    """Epochs bear the time of their invalidation."""
    stamp, dash, random = token.partition("-")
    return f"{int(stamp) - int(seconds * 1000)}{dash}{random}" if stamp.isdecimal() and int(stamp) else token


def stop_listening() -> None:
    """The thread that follows one test's Redis must not outlive it."""
    stop = getattr(listening, "stop", None)
    if stop is not None:
        stop()
