"""The one raw Redis client of a process, made from the settings.

`REDIS_URL` may be redis://, rediss://, unix:// or sentinel://[user:password@]host:port[,host:port…]/SERVICE[/DB].
A command waits for REDIS_SOCKET_TIMEOUT at most and is not sent twice: whoever asks has something else to do when
Redis is away. redis-py's pools notice a fork and open connections of their own.
"""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel


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
    """A client for `url`: `timeout` seconds for connecting and for each answer, no second attempt. A thread that
    finds all connections taken waits that long for one. Raises ValueError for a URL that cannot be used."""
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
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
    timeouts = {name: options[name] for name in ("socket_timeout", "socket_connect_timeout")}
    found = Sentinel(sentinels, sentinel_kwargs=timeouts, min_other_sentinels=0, **options)
    return found.master_for(
        service, db=int(database or 0), username=unquote(username) or None, password=unquote(password) or None
    )
