"""Bodies of requests are waited for, but not for ever: the WSGI step between HotCache and Django.

Web servers know no time limit for bodies, and a read that waits holds the thread that answers. So another thread reads,
and the answering one waits: every one for a MOMENT, and a quarter of them longer, up to HUBCACHE_BODY_SECONDS. What is
given up is answered 408, or 503 where too many wait already, and its connection is cut, which ends the read as well.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest

from github_cache import metrics
from github_cache.api import problems

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

MOMENT = 0.25
"""Seconds in which a body of usual size has arrived; one that is on the socket already is there at once."""

WAITING = 4
"""One of so many threads may wait longer than that, and one at least."""

RETRY_AFTER = 5
"""Seconds that the sender of a slow body is told to wait where too many are slow."""

LINGER = 0.05
"""Seconds that the server is given to send an answer before the connection is cut."""


class GivenUp(BadRequest):
    """A body that did not arrive in time; its sender is answered with `status`, whatever a view makes of this."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@cache
def _readers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.HUBCACHE_THREADS, thread_name_prefix="hubcache-body")


@cache
def _places() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(max(1, settings.HUBCACHE_THREADS // WAITING))


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
        try:
            return reading.result(min(MOMENT, self._left()))
        except TimeoutError:
            if not _places().acquire(blocking=False):
                raise self._give_up(HTTPStatus.SERVICE_UNAVAILABLE, "Too many requests arrive slowly.") from None
        try:
            return reading.result(self._left())
        except TimeoutError:
            within = f"{settings.HUBCACHE_BODY_SECONDS} s (HUBCACHE_BODY_SECONDS)"
            raise self._give_up(HTTPStatus.REQUEST_TIMEOUT, f"The body did not arrive within {within}.") from None
        finally:
            _places().release()

    def _left(self) -> float:
        return max(0.0, self._until - time.monotonic())

    def _give_up(self, status: HTTPStatus, detail: str) -> GivenUp:
        metrics.BODIES_GIVEN_UP.labels(int(status)).inc()
        self.given_up = GivenUp(status, detail)
        return self.given_up


class Bodies:
    """The step. Requests without a body pass as they are."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if (environ.get("CONTENT_LENGTH") or "0") == "0":
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
    busy = given_up.status is HTTPStatus.SERVICE_UNAVAILABLE
    response = problems.answer(given_up.status, str(given_up), retry_after=RETRY_AFTER if busy else None)
    length = ("Content-Length", str(len(response.content) + 1))
    error = type(given_up), given_up, given_up.__traceback__
    status = f"{given_up.status.value} {given_up.status.phrase}"
    start_response(status, [*response.items(), length, ("Connection", "close")], error)
    return _unfinished(response.content)


def _unfinished(content: bytes) -> Iterator[bytes]:
    yield content
    time.sleep(LINGER)
