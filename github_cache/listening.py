"""Hears of invalidations: one thread per process follows the epochs in Redis and drops what bears them from a memory.

`CLIENT TRACKING ON BCAST PREFIX hubcache:TENANT:epoch:` over RESP3: Redis tells of every write to an epoch, and of
nothing else. Whenever the connection breaks or stops answering, nothing that was kept is relied upon any more. The
thread starts with the first thing that is to be kept, so after any fork.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import redis
from django.conf import settings

from github_cache import keys, store
from github_cache.nearcache import NearCache, memory
from ratelimit import connection

log = logging.getLogger("hubcache.listening")

LOOK_SECONDS = 0.1
"""How long the first of a tenant's answers waits until that tenant is followed, at most."""
PING_SECONDS = 0.5
SILENCE_SECONDS = 1.0
"""Redis that has not answered a PING for so long is taken to be away."""
RETRY_SECONDS = 0.2


class Listener:
    """Keeps `near` coherent with the Redis that `connect` opens a client to; `heard` is told of the epochs first."""

    def __init__(
        self,
        connect: Callable[[], redis.Redis],
        near: NearCache,
        heard: Callable[[Sequence[str]], None] = lambda epoch_keys: None,
    ) -> None:
        self._connect = connect
        self._near = near
        self._tell = heard
        self._over = threading.Event()
        self._heard_at = 0.0
        self._away = False
        self._thread = threading.Thread(target=self._run, name="invalidations", daemon=True)

    def start(self) -> None:
        """Begins to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Ends, and forgets what was kept; returns when it has."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self._listen()
            except (redis.RedisError, OSError) as error:
                if not self._away:
                    log.warning("invalidations are not heard of: answers are not repeated", extra={"error": str(error)})
                self._away = True
            finally:
                self._near.unfollow()
            self._over.wait(RETRY_SECONDS)

    def _listen(self) -> None:
        """One connection's life. Raises what ends it."""
        pool = self._connect().connection_pool
        wire = pool.get_connection()
        try:
            # What redis-py's own client-side cache is built on; there is no public name for it.
            wire._parser.set_invalidation_push_handler(self._heard)
            followed: frozenset[str] = frozenset()
            pinged_at = self._heard_at = time.monotonic()
            while not self._over.is_set():
                if new := self._near.wanted - followed:
                    followed |= new
                    self._follow(wire, new)
                    self._near.follow(followed)
                    self._told_back()
                now = time.monotonic()
                if now - pinged_at > PING_SECONDS:
                    wire.send_command("PING", check_health=False)
                    pinged_at = now
                if wire.can_read(timeout=LOOK_SECONDS):
                    wire.read_response(push_request=True)
                    self._heard_at = time.monotonic()
                elif now - self._heard_at > SILENCE_SECONDS:
                    raise redis.TimeoutError(f"no answer for {SILENCE_SECONDS} s")
        finally:
            wire.disconnect()
            pool.disconnect()

    def _follow(self, wire: Any, tenants: frozenset[str]) -> None:
        prefixes = [word for tenant in tenants for word in ("PREFIX", keys.epoch_prefix(tenant))]
        wire.send_command("CLIENT", "TRACKING", "ON", "BCAST", *prefixes, check_health=False)
        # Not a push: the answer to the command itself, which an invalidation may come before.
        wire.read_response()

    def _heard(self, message: list[Any]) -> None:
        """`invalidate` with the keys; with none where Redis dropped them all (FLUSHALL)."""
        changed = message[1]
        if changed is None:
            self._near.clear()
        else:
            epoch_keys = [key.decode() for key in changed]
            self._tell(epoch_keys)
            self._near.drop(epoch_keys)

    def _told_back(self) -> None:
        if self._away:
            log.warning("invalidations are heard of again")
        self._away = False


@cache
def start() -> Listener | None:
    """Lets this process's memory be kept coherent from now on; without Redis, lets it live unheard. Once is enough."""
    if not settings.REDIS_ENABLED:
        memory().live_unheard()
        return None

    def connect() -> redis.Redis:
        return connection.connect(settings.REDIS_URL, timeout=settings.REDIS_SOCKET_TIMEOUT, max_connections=1)

    listener = Listener(connect, memory(), store.get().heard)
    listener.start()
    return listener


os.register_at_fork(after_in_child=start.cache_clear)
