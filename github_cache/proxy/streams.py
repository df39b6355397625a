"""What passes through without being held in memory: archives, logs, release files, large raw files."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from github_cache import asking, room
from github_cache.asks import Ask
from github_cache.proxy import answers
from github_cache.proxy.audience import PublicOnly
from github_cache.serving import Outcome
from github_cache.upstream import calls
from github_cache.upstream.protocol import Call
from ratelimit.budget import Lane
from ratelimit.verdict import Wait

_LARGE = re.compile(
    r"/(?:repos/[^/]+/[^/]+|repositories/\d+)/(?:(?:tarball|zipball)(?:/.*)?|actions/(?:runs|jobs)/.*/?logs"
    r"|actions/artifacts/\d+/.*|releases/assets/\d+)"
)
_PASSED_BACK = frozenset(
    {"content-type", "content-length", "content-range", "content-disposition", "accept-ranges", "etag", "last-modified",
     "x-github-media-type", "x-github-request-id"}
)  # fmt: skip


def is_stream(path: str, accept: str) -> bool:
    """True for paths whose answers are large or lead to another host."""
    return _LARGE.fullmatch(path) is not None and not ("/releases/assets/" in path and "octet-stream" not in accept)


class _Body:
    """The pieces of a body, with what has to be given back at the end, also if nobody reads it."""

    def __init__(self, pieces: Iterator[bytes], held: ExitStack) -> None:
        self._pieces = pieces
        self._held = held

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self._held.close()


def passed(call: Call, ask: Ask) -> HttpResponseBase:
    """GitHub's answer to `call`, which asks what `ask` does, piece by piece as it comes.

    Raises PublicOnly, NoPinnedCredential, and errors.UpstreamError before the first piece.
    """
    caller = ask.caller
    if caller.public_only:
        raise PublicOnly
    bearer = asking.bearer_of(ask)
    with ExitStack() as stack:
        if not stack.enter_context(room.seat()):
            return answers.wait(caller, room.NO_ROOM, call.bucket)
        streamed = stack.enter_context(calls.stream(call, tenant=ask.tenant, lane=Lane.INTERACTIVE, bearer=bearer))
        if isinstance(streamed, Wait):
            return answers.wait(caller, streamed, call.bucket)
        response: HttpResponseBase
        if call.method == "HEAD" or streamed.status in (204, 304):
            response = HttpResponse(status=streamed.status)
        else:
            response = StreamingHttpResponse(_Body(streamed.chunks, stack.pop_all()), status=streamed.status)
        for name, value in streamed.headers.items():
            if name.lower() in _PASSED_BACK:
                response.headers[name] = value
        if "Content-Encoding" in streamed.headers:
            # Compressed although we asked for the bytes themselves, which is what is passed on: nobody knows how many.
            del response.headers["Content-Length"]
        if location := streamed.headers.get("Location"):
            response.headers["Location"] = asking.rewriting().location(location)
        response.headers["X-Cache"] = str(Outcome.BYPASS)
        response.headers["Cache-Status"] = "hubcache; fwd=bypass"
        response.headers["Cache-Control"] = "private, no-store"
        return response
