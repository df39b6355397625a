"""What of GitHub's answers is kept, in which form and for how long (pure).

Only a 200 is kept, and for some seconds a 404 or 410. Never kept: rate-limit and other errors, 202, ranges, and
headers that are about one call (`X-RateLimit-*`, `Date`, cookies). `Link` is outside GitHub's ETag: so a full page
without `next` keeps no validator, or the next page would go unseen; nor does a page of one item with `last`, which is
how clients count; and one with `last` is asked for without it after an invalidation.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from github_cache.entries import MAX_BODY, Entry, Validators
from github_cache.proxy import audience
from github_cache.proxy.rewriting import Rewriting, is_json
from github_cache.resources import Route

BRIEFLY = frozenset({404, 410})
DEFAULT_PAGE = 30
LAST = 'rel="last"'

_REPLAYED = frozenset(
    {
        "content-type",
        "link",
        "last-modified",
        "content-disposition",
        "deprecation",
        "sunset",
        "x-github-api-version-selected",
        "x-github-enterprise-version",
        "x-github-media-type",
        "x-poll-interval",
    }
)
_OF_ONE_CALL = frozenset({"location", "allow", "x-github-request-id", "x-github-sso"})
_OF_ONE_TOKEN = frozenset({"x-oauth-scopes", "x-accepted-oauth-scopes", "github-authentication-token-expiration"})


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of GitHub's REST API as it goes out: links turned to us, and nothing in it that is about one call."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    validators: Validators | None
    fit: bool
    etag: str


def answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    bearer: str,
    route: Route,
    per_page: str | None,
    rewriting: Rewriting,
    one_token: bool,
) -> Answer:
    """What goes out for GitHub's answer. `bearer` is the identity of the token that asked; `one_token` where nobody
    but that token will be given it, so that headers about the token may stay."""
    names = _REPLAYED | _OF_ONE_TOKEN if one_token else _REPLAYED
    if status != 200:
        names |= _OF_ONE_CALL
    turned = {"link": rewriting.link, "location": rewriting.location}
    kept = [
        (name, turned[name.lower()](value) if name.lower() in turned else value)
        for name, value in headers.items()
        if name.lower() in names
    ]
    lowered = {name.lower(): value for name, value in headers.items()}
    content_type = lowered.get("content-type", "")
    rewritten = rewriting.body(body, content_type, lowered.get("x-github-media-type", ""))
    link = lowered.get("link", "")
    etag, modified = lowered.get("etag"), lowered.get("last-modified")
    blind = full_without_next(body, content_type, link, per_page) or (per_page == "1" and LAST in link)
    asked_again = (etag or modified) and not blind
    validators = Validators(etag, modified, bearer) if asked_again else None
    return Answer(
        status, tuple(kept), rewritten, validators, audience.fit_to_share(body, route), entity_tag(rewritten, link)
    )


def without_token_headers(given: Answer) -> Answer:
    """The same for others than the token that asked."""
    return replace(given, headers=tuple(pair for pair in given.headers if pair[0].lower() not in _OF_ONE_TOKEN))


def entry(
    given: Answer,
    *,
    stored_at: float,
    lifetime: float,
    grace: float,
    epochs: Sequence[tuple[str, str]],
    extra: Mapping[str, Any],
) -> Entry | None:
    """The stored form of an answer, or None for what is not kept. Times in seconds."""
    if given.status != 200 and given.status not in BRIEFLY:
        return None
    if len(given.body) > MAX_BODY:
        return None
    ok = given.status == 200
    return Entry(
        body=given.body,
        status=given.status,
        headers=given.headers,
        stored_at=stored_at,
        lifetime=lifetime,
        grace=grace if ok else 0.0,
        epochs=tuple(epochs),
        validators=given.validators if ok else None,
        extra={**extra, "etag": given.etag, "fit": given.fit} if ok else dict(extra),
    )


def confirmed(kept: Entry, *, stored_at: float, lifetime: float, epochs: Sequence[tuple[str, str]]) -> Entry:
    """The same entry after GitHub said 304."""
    return replace(kept, stored_at=stored_at, lifetime=lifetime, epochs=tuple(epochs))


def full_without_next(body: bytes, content_type: str, link: str, per_page: str | None) -> bool:
    """True for a list that fills its page and names no next one: it may have a second page tomorrow, under a 304."""
    if not is_json(content_type) or body.lstrip()[:1] != b"[" or 'rel="next"' in link:
        return False
    size = int(per_page) if per_page and per_page.isdecimal() and len(per_page) < 4 else DEFAULT_PAGE
    try:
        return len(orjson.loads(body)) >= min(size, 100)
    except orjson.JSONDecodeError:
        return False


def entity_tag(body: bytes, link: str) -> str:
    """Our own validator of what goes out: weak, since it goes out compressed too; with the `Link` header in it."""
    digest = hashlib.blake2b(body, digest_size=18)
    digest.update(link.encode())
    return f'W/"{base64.urlsafe_b64encode(digest.digest()).decode()}"'
