"""Four ways from a client to GitHub, each with its clock moved: no cache, a TTL cache, always revalidating, Hubcache.

Each is a context manager over GitHub's URL that gives a function which asks for a path, and one that returns once what
the way does in the background is over.
"""

import contextlib
import io
import math
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import requests
from requests.adapters import HTTPAdapter

SECRET = "a secret for the benchmark"
TTL = 300


class Answer(NamedTuple):
    """A body, and until when (epoch seconds) asking again will cost the same, unless something changes."""

    body: bytes
    good_until: float


Ask = Callable[[str], Answer | None]
"""None where the client is told to come again later."""
Clock = Callable[[], float]
"""Epoch seconds."""
Running = Iterator[tuple[Ask, Callable[[], None]]]


def _nothing() -> None:
    """What was begun is over already."""


@contextlib.contextmanager
def no_cache(url: str, clock: Clock, folder: Path, organization: str, tokens: Sequence[str]) -> Running:
    with requests.Session() as session:
        session.headers["Authorization"] = f"token {tokens[0]}"
        session.mount(url, HTTPAdapter(max_retries=1))
        yield lambda path: Answer(session.get(url + path, timeout=30).content, math.inf), _nothing


@contextlib.contextmanager
def ttl_cache(url: str, clock: Clock, folder: Path, organization: str, tokens: Sequence[str]) -> Running:
    """requests-cache, shared by all clients. Its expiry goes by the clock of this day."""
    import requests_cache

    with requests_cache.CachedSession(
        backend="memory", expire_after=requests_cache.NEVER_EXPIRE, ignored_parameters=()
    ) as session:
        session.headers["Authorization"] = f"token {tokens[0]}"
        session.mount(url, HTTPAdapter(max_retries=1))
        until: dict[str, float] = {}

        def ask(path: str) -> Answer:
            # It asks the operating system for the date, which cannot be moved: so what is over is refreshed by name.
            over = until.get(path, 0.0) <= clock()
            if over:
                until[path] = clock() + TTL
            return Answer(session.get(url + path, timeout=30, force_refresh=over).content, until[path])

        yield ask, _nothing


@contextlib.contextmanager
def revalidating(url: str, clock: Clock, folder: Path, organization: str, tokens: Sequence[str]) -> Running:
    """Asks GitHub each time, with the ETag of what is held, for all clients."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"token {tokens[0]}"
        session.mount(url, HTTPAdapter(max_retries=1))
        held: dict[str, tuple[str, bytes]] = {}

        def ask(path: str) -> Answer:
            known = held.get(path)
            answer = session.get(url + path, headers={"If-None-Match": known[0]} if known else {}, timeout=30)
            if answer.status_code == 304 and known:
                return Answer(known[1], math.inf)
            held[path] = answer.headers["ETag"], answer.content
            return Answer(answer.content, math.inf)

        yield ask, _nothing


@contextlib.contextmanager
def hubcache(url: str, clock: Clock, folder: Path, organization: str, tokens: Sequence[str]) -> Running:
    """All of it in this process, with a Redis; the clients call the WSGI application, and the hook comes by HTTP."""
    import redis

    from benchmarks._running_hub import Hub

    # A machine that is busy with other things is no Redis that went away.
    settings = {"RATELIMIT_ENABLED": "false", "REDIS_SOCKET_TIMEOUT": "30", "GITHUB_TOKENS": ",".join(tokens)}
    hub = Hub(folder, parts=(), GITHUB_API_URL=url, GITHUB_TOKEN="", **settings)
    os.environ |= hub.environ
    with hub:
        key = next(word for word in hub.manage("create_api_key", "replay").split() if word.startswith("hc_"))
        from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

        from config.wsgi import application
        from github_cache import room
        from webhooks import health
        from webhooks.models import WebhookConfig

        class Quiet(WSGIRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Nothing to say."""

        server = ThreadedWSGIServer(("127.0.0.1", hub.port), Quiet)
        server.set_app(application)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        hook = {"config": {"url": f"{hub.url}/api/v1/webhooks/github", "secret": SECRET}, "events": ["*"]}
        headers = {"Authorization": f"token {tokens[0]}"}
        requests.post(f"{url}/orgs/{organization}/hooks", json=hook, headers=headers, timeout=10).raise_for_status()
        beat = [0.0]

        def settled() -> None:
            """What goes on in the background is over; what the worker does each minute is done."""
            while room.background().busy:
                time.sleep(0.0005)
            if clock() >= beat[0]:
                beat[0] = clock() + 60
                now = datetime.fromtimestamp(clock(), UTC)
                WebhookConfig.objects.update(checked_at=now)
                health.observe(now)

        try:
            settled()
            yield lambda path: _called(application, f"/api/v3{path}", hub.port, key, clock()), settled
        finally:
            server.shutdown()
            server.server_close()
            redis.Redis.from_url(hub.environ["REDIS_URL"]).close()


_TTL = re.compile(r"ttl=(\d+)")


def _called(application: Any, path: str, port: int, key: str, now: float) -> Answer | None:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": f"127.0.0.1:{port}",
        "HTTP_X_API_KEY": key,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
    }
    told: list[Any] = []
    result = application(environ, lambda *head: told.extend(head))
    body = b"".join(result)
    if hasattr(result, "close"):
        result.close()
    headers = dict(told[1])
    if told[0].startswith("429") and "Retry-After" in headers:
        return None
    if not told[0].startswith("200"):
        raise RuntimeError(f"{told[0]} for {path}: {body[:200]!r}")
    left = _TTL.search(headers["Cache-Status"])
    return Answer(body, now + float(left[1]) if left else 0.0)
