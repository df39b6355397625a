"""The one raw Redis client of a process, made from the settings.

`REDIS_URL` may be redis://, rediss://, unix:// or sentinel://[user:password@]host:port[,host:port…]/SERVICE[/DB].
A command waits for REDIS_SOCKET_TIMEOUT at most and is not sent twice: whoever asks has something else to do when
Redis is away. Once it failed nobody in the process asks it again for a moment, so that a request waits once, however
many of its steps would ask. redis-py's pools notice a fork and open connections of their own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

PAUSE = 1.0
"""Seconds for which a Redis that did not answer is not asked."""


class Resting(redis.ConnectionError):
    """Redis was not asked, since it failed somebody of this process a moment ago."""


class OneAttempt(Retry):
    """redis-py's way to carry out a command or a connecting: once, and not at all within PAUSE of a failure of any.

    `monotonic` is its clock. What Redis answers, an error too, is no failure.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(NoBackoff(), 0)
        self._monotonic = monotonic
        self._until = float("-inf")

    def __deepcopy__(self, _: dict[int, Any]) -> OneAttempt:
        """redis-py copies it for every connection; what it knows is for all of them."""
        return self

    @property
    def resting(self) -> bool:
        """Whether Redis is left alone now."""
        return self._monotonic() < self._until

    def call_with_retry(self, do: Callable[[], Any], *more: Any, **options: Any) -> Any:
        """What `do` returns. Raises Resting without calling it, where Redis is left alone."""
        if self.resting:
            raise Resting("Redis did not answer a moment ago")
        try:
            return super().call_with_retry(do, *more, **options)
        except Resting:
            raise
        except (redis.ConnectionError, redis.TimeoutError):
            self._until = self._monotonic() + PAUSE
            raise


@cache
def attempts(url: str) -> OneAttempt:
    """How this process, with all its clients, asks the Redis at `url`."""
    return OneAttempt()


@cache
def client() -> redis.Redis | None:
    """The client of this process, or None where REDIS_ENABLED is off. Opens no connection yet; raises ValueError for
    a URL that cannot be used."""
    if not settings.REDIS_ENABLED:
        return None
    return connect(
        settings.REDIS_URL, timeout=settings.REDIS_SOCKET_TIMEOUT, max_connections=settings.REDIS_MAX_CONNECTIONS
    )


def connect(url: str, *, timeout: float, max_connections: int) -> redis.Redis:
    """A client for `url`: `timeout` seconds for connecting and for each answer, by the attempts of that URL. A thread
    that finds all connections taken waits that long for one. Raises ValueError for a URL that cannot be used."""
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": attempts(url),
        "health_check_interval": 0,
    }
    if urlsplit(url).scheme == "sentinel":
        return _behind_sentinel(url, {**options, "max_connections": max_connections})
    pool = redis.BlockingConnectionPool.from_url(url, max_connections=max_connections, timeout=timeout, **options)
    return redis.Redis(connection_pool=pool)


def _behind_sentinel(url: str, options: dict[str, Any]) -> redis.Redis:
    """The master that the sentinels of `url` name, asked for anew whenever a connection is opened."""
    parts = urlsplit(url)
    user, _, hosts = parts.netloc.rpartition("@")
    service, _, database = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("a sentinel:// URL names its service: sentinel://host:26379,host:26379/SERVICE[/DB]")
    sentinels = []
    for host in hosts.split(","):
        name, _, port = host.rpartition(":") if ":" in host else (host, "", "26379")
        sentinels.append((name, int(port)))
    username, _, password = user.partition(":")
    asking = {name: options[name] for name in ("socket_timeout", "socket_connect_timeout")}
    # A sentinel that does not answer says nothing about the next one.
    asking["retry"] = Retry(NoBackoff(), 0)
    found = Sentinel(sentinels, sentinel_kwargs=asking, min_other_sentinels=0, **options)
    return found.master_for(
        service, db=int(database or 0), username=unquote(username) or None, password=unquote(password) or None
    )
