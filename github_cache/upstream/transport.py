"""The only socket to GitHub: one `requests` session per process, to the hosts that the configuration names.

It follows no redirect, keeps no cookie, reads no proxy and no .netrc from its surroundings, and holds no more of a body
than MOST_BYTES. Every wait is bounded: to connect and between two bytes by the settings, in all by TOTAL_SECONDS.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
import urllib3
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar

from github_cache.upstream import tally
from github_cache.upstream.errors import BadAnswer, TooLarge, Unreachable
from github_cache.upstream.protocol import USER_AGENT, Call, Headers

MOST_BYTES = 64 * 1024 * 1024
"""The largest body that is held in memory, uncompressed. Larger ones are streamed."""

TOTAL_SECONDS = 120.0
"""No answer may take longer than this in all, however steadily it drips."""

CONNECTIONS = 100
"""Kept open per host; GitHub allows an account as many calls at once."""

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to connect, between two bytes of an answer, and for the whole of it."""

    connect: float
    read: float
    total: float = TOTAL_SECONDS


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer as it came. `chunks` gives the uncompressed body once; its errors are those of `send`."""

    status: int
    headers: Headers
    chunks: Callable[[], Iterator[bytes]]

    def body(self, most: int = MOST_BYTES) -> bytes:
        """The whole body. Raises TooLarge past `most` bytes, and the errors of `send`."""
        parts, size = [], 0
        for chunk in self.chunks():
            size += len(chunk)
            if size > most:
                raise TooLarge(f"GitHub's answer is larger than {most} bytes", self.status)
            parts.append(chunk)
        return b"".join(parts)


@contextlib.contextmanager
def send(call: Call, token: str, timeouts: Timeouts, *, as_stored: bool = False) -> Iterator[Raw]:
    """Send one call as `token` and read the answer within the block; its connection is given back at the end.

    `as_stored` asks for no compression, so that lengths and ranges mean the bytes that are passed on.
    A GET is sent a second time where GitHub closed its connection without a word (RFC 9112, 9.3.1), since a kept one
    may end in the very moment in which it is used again. Raises Unreachable where no answer came, BadAnswer where it
    broke off.
    """
    url = settings.GITHUB_GRAPHQL_URL if call.graphql else settings.GITHUB_API_URL + call.path
    headers = {**call.sent_headers(), "Authorization": f"Bearer {token}"}
    if as_stored:
        headers["Accept-Encoding"] = "identity"
    if (opened := tally.current()) is not None:
        headers["X-Request-Id"] = opened.request_id
    deadline = time.monotonic() + timeouts.total
    request = partial(
        session().request,
        call.method,
        url,
        headers=headers,
        data=call.body,
        timeout=(timeouts.connect, timeouts.read),
        allow_redirects=False,
        stream=True,
    )
    try:
        try:
            response = request()
        except requests.ConnectionError as error:
            if call.method != "GET" or not _closed(error):
                raise
            response = request()
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _unreachable(error) from None
    with contextlib.closing(response):
        yield Raw(response.status_code, Headers(response.headers), lambda: _chunks(response, deadline))


def _chunks(response: requests.Response, deadline: float) -> Iterator[bytes]:
    if response.is_redirect:
        # Read by requests already, to look at where it leads.
        yield response.content
        return
    try:
        # As the pieces come: waiting for a full one, a body that drips would never meet its deadline.
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            if time.monotonic() > deadline:
                raise Unreachable("GitHub's answer took too long in all", timed_out=True, sent=True)
            yield chunk
    except urllib3.exceptions.ReadTimeoutError:
        raise Unreachable("GitHub stopped in the middle of an answer", timed_out=True, sent=True) from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        reason = f"GitHub's answer broke off: {type(error).__name__}"
        raise BadAnswer(reason, None if response.status_code < 400 else response.status_code) from None


def _closed(error: requests.ConnectionError) -> bool:
    """Whether the connection ended before anything of an answer came."""
    aborted = error.args[0] if error.args else None
    cause = aborted.args[1] if isinstance(aborted, urllib3.exceptions.ProtocolError) and len(aborted.args) > 1 else None
    return isinstance(cause, ConnectionResetError | BrokenPipeError)


def _unreachable(error: Exception) -> Unreachable:
    """The error without its message, in which a URL could stand."""
    if isinstance(error, requests.ConnectTimeout):
        return Unreachable("GitHub could not be reached in time", timed_out=True, sent=False)
    if isinstance(error, requests.Timeout):
        return Unreachable("GitHub did not answer in time", timed_out=True, sent=True)
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        host = urlsplit(settings.GITHUB_API_URL).netloc
        return Unreachable(f"no connection can be made to GitHub at {host}", timed_out=False, sent=False)
    return Unreachable(f"the connection to GitHub broke: {type(error).__name__}", timed_out=False, sent=True)


def session() -> requests.Session:
    """This process's session."""
    return _session_of(os.getpid())


@cache
def _session_of(_process: int) -> requests.Session:
    """A forked child must not share its parent's connections, so each process has a session of its own."""
    made = requests.Session()
    made.trust_env = False
    made.cookies = RequestsCookieJar(DefaultCookiePolicy(allowed_domains=()))
    made.headers.clear()
    made.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"})
    for scheme in ("http://", "https://"):
        made.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=CONNECTIONS, max_retries=0))
    return made
