"""Bodies of requests are waited for, but not for ever: the WSGI step between HotCache and Django.

Web servers know no time limit for bodies, and a read that waits holds the thread that answers. So another thread reads,
and the answering one waits: every one for two MOMENTs, a quarter of them longer, up to HUBCACHE_BODY_SECONDS. What is
given up is answered 408, or 503 where too many wait already, and its connection is cut, which ends the read as well.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.core.exceptions import BadRequest

from github_cache import metrics
from github_cache.api import problems

MOMENT = 0.25
"""Seconds in which a body of usual size has arrived; one that is on the socket already is there at once."""

WAITING = 4
"""One of so many threads may wait longer than that, and one at least."""

RETRY_AFTER = 5
"""Seconds that the sender of a slow body is told to wait where too many are slow."""

LINGER = 0.05
"""Seconds that the server is given to send an answer before the connection is cut."""

_LATE, _BUSY = HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.SERVICE_UNAVAILABLE


class GivenUp(BadRequest):
    """A body that did not arrive in time; its sender is answered with `status`, whatever a view makes of this."""

    def __init__(self, status: HTTPStatus) -> None:
        late = f"The body did not arrive within {settings.HUBCACHE_BODY_SECONDS} s (HUBCACHE_BODY_SECONDS)."
        super().__init__(late if status is _LATE else "Too many bodies arrive slowly; send it again.")
        self.status = status


@cache
def _readers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.HUBCACHE_THREADS, thread_name_prefix="hubcache-body")


@cache
def _places() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(max(1, settings.HUBCACHE_THREADS // WAITING))


@contextmanager
def _place() -> Iterator[bool]:
    """Whether this thread may wait longer within the block. It takes a MOMENT to find that out where none is free."""
    got = _places().acquire(timeout=MOMENT)
    try:
        yield got
    finally:
        if got:
            _places().release()


class Body:
    """`wsgi.input` with an end to patience. Reading raises GivenUp, and nothing may be read after that."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self._until = time.monotonic() + settings.HUBCACHE_BODY_SECONDS
        self.given_up: GivenUp | None = None

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; fewer where the sender broke off."""
        return self._awaited(self._source.read, size)

    def readline(self, size: int = -1) -> bytes:
        """The next line, or `size` bytes of it."""
        return self._awaited(self._source.readline, size)

    def _awaited(self, read: Callable[[int], bytes], size: int) -> bytes:
        reading = _readers().submit(read, size)
        with suppress(TimeoutError):
            return reading.result(min(MOMENT, self._left()))
        with _place() as got:
            try:
                return reading.result(self._left() if got else 0.0)
            except TimeoutError:
                raise self._give_up(_LATE if got else _BUSY) from None

    def _left(self) -> float:
        return max(0.0, self._until - time.monotonic())

    def _give_up(self, status: HTTPStatus) -> GivenUp:
        metrics.BODIES_GIVEN_UP.labels(int(status)).inc()
        self.given_up = GivenUp(status)
        return self.given_up


class Bodies:
    """The step. Requests without a body pass as they are."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if (environ.get("CONTENT_LENGTH") or "0") == "0" and "HTTP_TRANSFER_ENCODING" not in environ:
            return self._application(environ, start_response)
        body = environ["wsgi.input"] = Body(environ["wsgi.input"])
        answer = self._application(environ, start_response)
        if body.given_up is None:
            return answer
        if hasattr(answer, "close"):
            answer.close()
        return _cut(body.given_up, start_response)


def _cut(given_up: GivenUp, start_response: StartResponse) -> Iterator[bytes]:
    """The answer, announced a byte longer than it is: so the server cuts the connection, and with it the read."""
    retry_after = RETRY_AFTER if given_up.status is _BUSY else None
    response = problems.answer(given_up.status, str(given_up), retry_after=retry_after)
    length = ("Content-Length", str(len(response.content) + 1))
    error = type(given_up), given_up, given_up.__traceback__
    status = f"{given_up.status.value} {given_up.status.phrase}"
    start_response(status, [*response.items(), length, ("Connection", "close")], error)
    return _unfinished(response.content)


def _unfinished(content: bytes) -> Iterator[bytes]:
    yield content
    time.sleep(LINGER)
