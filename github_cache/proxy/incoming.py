"""What of a client's request goes on to GitHub: its body if it is whole, and no header that is for one connection."""

from collections.abc import Iterable

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from github_cache.upstream.errors import BadCall


def body(request: HttpRequest) -> bytes:
    """The whole body. Raises BadCall for one that broke off, since half of it could mean something else; where it came
    in chunks (as from `gh api --input -`) only JSON shows that it did not. RequestDataTooBig."""
    if "Transfer-Encoding" in request.headers:
        return _in_chunks(request)
    told = request.body
    if len(told) != int(request.META.get("CONTENT_LENGTH") or 0):
        raise BadCall("the body broke off before its Content-Length")
    return told


def _in_chunks(request: HttpRequest) -> bytes:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    told: bytes = request.META["wsgi.input"].read(most + 1)
    if len(told) > most:
        raise RequestDataTooBig
    try:
        whole = isinstance(orjson.loads(told), dict | list)
    except orjson.JSONDecodeError:
        whole = False
    if not whole:
        raise BadCall("a body in chunks has to be JSON, and whole; send anything else with a Content-Length")
    return told


def headers(request: HttpRequest, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Those of `names` that are there and that `Connection` does not name (RFC 9110, 7.6.1)."""
    kept_back = {option.strip().lower() for option in request.headers.get("Connection", "").split(",")}
    return tuple(
        (name, value) for name in names if name.lower() not in kept_back and (value := request.headers.get(name))
    )
