"""Validators: what GitHub can be asked with whether a body still holds (pure).

They belong to the token that they came to, and are never used for another one's. GitHub's ETags are weak under gzip,
while a 304 bears the strong form, so they are compared weakly. The Link header is outside the ETag: a full page that
had no next one must be read again without a validator. A thing that was 404 is never revalidated.
Sources: RFC 9110, 8.8 and 13; docs.github.com, "Best practices for using the REST API".
"""

import hashlib
from collections.abc import Mapping

from github_cache.entries import Validators
from github_cache.upstream.protocol import Reply, links

_NAMED_IN_VARY = ("Accept", "Authorization", "Cookie")


def of(reply: Reply) -> Validators | None:
    """The validators of a 200, None where it has none."""
    if reply.status != 200:
        return None
    etag, modified = reply.headers.get("ETag"), reply.headers.get("Last-Modified")
    return Validators(etag, modified, reply.bearer) if etag or modified else None


def conditions(known: Validators | None, bearer: str) -> tuple[tuple[str, str], ...]:
    """The header fields that ask conditionally as `bearer`; none where the validators are another token's."""
    if known is None or known.bearer != bearer:
        return ()
    if known.etag:
        return (("If-None-Match", known.etag),)
    return (("If-Modified-Since", known.last_modified),) if known.last_modified else ()


def match(one: str | None, other: str | None) -> bool:
    """Do two entity tags match weakly (RFC 9110, 8.8.3.2)?"""
    return bool(one and other) and _opaque(one or "") == _opaque(other or "")


def last_for_now(reply: Reply, items: int, per_page: int) -> bool:
    """True for a page that was full and had no next: a further page would not change its ETag."""
    return items >= per_page and "next" not in links(reply.headers.get("Link", ""))


def foretold(body: bytes, headers: Mapping[str, str]) -> str:
    """The ETag that GitHub gives a JSON body for a request with these header fields, in its strong form.

    `body` is GitHub's own, uncompressed and not rewritten. SHA-256 over value and ":" of Accept, Authorization and
    Cookie, as far as they were sent, and then the body. Undocumented; read off recordings, so it is only ever used as
    a condition: where it is wrong GitHub answers 200. Contents, readmes and diffs have a git SHA instead.
    """
    sent = {name.lower(): value for name, value in headers.items()}
    digest = hashlib.sha256()
    for name in _NAMED_IN_VARY:
        if (value := sent.get(name.lower())) is not None:
            digest.update(f"{value}:".encode())
    digest.update(body)
    return f'"{digest.hexdigest()}"'


def _opaque(tag: str) -> str:
    return tag.strip().removeprefix("W/")
