"""*pure*. ETags as GitHub makes them, and what `If-None-Match` and `If-Modified-Since` make of them.

The ETag of a JSON body is SHA-256 over the value, followed by ":", of each of Accept, Authorization and Cookie
that was sent, and then the uncompressed body: so each token has its own. (Undocumented; read off recordings.)
"""

import hashlib
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

VARYING = ("accept", "authorization", "cookie")


def body_etag(request_headers: Mapping[str, str], body: bytes) -> str:
    """The opaque part, without quotes; *request_headers* by lower-case name."""
    digest = hashlib.sha256()
    for name in VARYING:
        if (value := request_headers.get(name)) is not None:
            digest.update(f"{value}:".encode())
    digest.update(body)
    return digest.hexdigest()


def strong(opaque: str) -> str:
    return f'"{opaque}"'


def weak(opaque: str) -> str:
    return f'W/"{opaque}"'


def is_unchanged(request_headers: Mapping[str, str], opaque: str | None, last_modified: float | None) -> bool:
    """Whether a GET is answered 304.

    If-None-Match is compared weakly, and wins over If-Modified-Since (RFC 9110, 13.1).
    """
    tags = request_headers.get("if-none-match")
    if tags is not None:
        given = [tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")]
        return opaque is not None and (opaque in given or given == ["*"])
    since = request_headers.get("if-modified-since")
    if since is None or last_modified is None:
        return False
    try:
        return int(last_modified) <= parsedate_to_datetime(since).timestamp()
    except ValueError:
        return False
