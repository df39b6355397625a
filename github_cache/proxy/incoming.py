"""What of a client's request goes on to GitHub: its body if it is whole, and no header that is for one connection."""

from collections.abc import Iterable

from django.http import HttpRequest

from github_cache.upstream.errors import BadCall


def body(request: HttpRequest) -> bytes:
    """The whole body. Raises BadCall for one whose length was not told, or that broke off before that length, since
    half of it could mean something else; RequestDataTooBig."""
    if "Transfer-Encoding" in request.headers:
        raise BadCall("send the body with a Content-Length, not in chunks")
    told = request.body
    if len(told) != int(request.META.get("CONTENT_LENGTH") or 0):
        raise BadCall("the body broke off before its Content-Length")
    return told


def headers(request: HttpRequest, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Those of `names` that are there and that `Connection` does not name (RFC 9110, 7.6.1)."""
    kept_back = {option.strip().lower() for option in request.headers.get("Connection", "").split(",")}
    return tuple(
        (name, value) for name in names if name.lower() not in kept_back and (value := request.headers.get(name))
    )
