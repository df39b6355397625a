"""Validators: what GitHub can be asked with whether a body still holds (pure).

They belong to the token that they came to, and are never used for another one's. The Link header is outside the ETag: a
full page that had no next one must be read again without a validator. A thing that was 404 is never revalidated.
Sources: RFC 9110, 8.8 and 13; docs.github.com, "Best practices for using the REST API".
"""

from github_cache.entries import Validators
from github_cache.upstream.protocol import Reply, links


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


def last_for_now(reply: Reply, items: int, per_page: int) -> bool:
    """True for a page that was full and had no next: a further page would not change its ETag."""
    return items >= per_page and "next" not in links(reply.headers.get("Link", ""))
