"""What of GitHub's answers is kept, and in which form."""

import orjson
import pytest

from github_cache import keeping
from github_cache.keeping import Answer
from github_cache.proxy.rewriting import Rewriting
from github_cache.resources import match

REWRITING = Rewriting("https://api.github.com", "http://cache.test/api/v3")
LIST = match("/repos/acme/api/issues").route
HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "ETag": 'W/"abc"',
    "Last-Modified": "Sat, 21 Nov 2026 01:00:00 GMT",
    "X-RateLimit-Remaining": "0",
    "Date": "Sat, 21 Nov 2026 02:00:00 GMT",
    "Set-Cookie": "a=b",
    "X-OAuth-Scopes": "repo",
    "Connection": "close",
    "Content-Encoding": "gzip",
    "Content-Length": "5",
    "Location": "https://api.github.com/repositories/1",
}


def answer(status: int = 200, body: bytes = b"[]", headers: dict[str, str] = HEADERS, **changes) -> Answer:
    fields = {"bearer": "me", "route": LIST, "per_page": None, "rewriting": REWRITING, "one_token": False} | changes
    return keeping.answer(status, headers, body, **fields)


def test_headers_about_one_call_are_not_replayed() -> None:
    names = {name.lower() for name, _ in answer().headers}
    assert names == {"content-type", "last-modified"}


def test_headers_about_one_token_stay_with_that_token() -> None:
    assert ("X-OAuth-Scopes", "repo") in answer(one_token=True).headers


def test_a_redirection_leads_here() -> None:
    assert dict(answer(301).headers)["Location"] == "http://cache.test/api/v3/repositories/1"


@pytest.mark.parametrize(
    ("items", "per_page", "link", "full"),
    [
        (30, None, "", True),
        (29, None, "", False),
        (30, None, '<https://api.github.com/x?page=2>; rel="next"', False),
        (2, "2", "", True),
        (100, "500", "", True),
        (0, None, "", False),
        (30, "nonsense", "", True),
    ],
)
def test_a_full_page_without_a_next_keeps_no_validator(items: int, per_page: str | None, link: str, full: bool) -> None:
    body = orjson.dumps([{"id": number} for number in range(items)])
    headers = HEADERS | ({"Link": link} if link else {})
    assert (answer(body=body, headers=headers, per_page=per_page).validators is None) is full


def test_without_a_validator_there_is_none() -> None:
    assert answer(headers={"Content-Type": "application/json"}).validators is None


def test_the_tag_tells_bodies_and_links_apart() -> None:
    linked = answer(headers=HEADERS | {"Link": '<https://api.github.com/x?page=2>; rel="next"'})
    assert answer().etag == answer().etag
    assert len({answer().etag, answer(body=b"[1]").etag, linked.etag}) == 3
    assert answer().etag.startswith('W/"')


@pytest.mark.parametrize(
    "status", [201, 202, 203, 204, 206, 301, 302, 304, 400, 401, 403, 409, 422, 429, 451, 500, 502]
)
def test_most_answers_are_never_kept(status: int) -> None:
    assert keeping.entry(answer(status), stored_at=0, lifetime=60, grace=60, epochs=(), extra={}) is None


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_is_kept_without_grace_or_validator(status: int) -> None:
    entry = keeping.entry(answer(status), stored_at=5.0, lifetime=10, grace=60, epochs=(), extra={})
    assert entry is not None
    assert (entry.grace, entry.validators, entry.stored_at) == (0.0, None, 5.0)


def test_a_confirmation_renews_time_and_epochs_only() -> None:
    entry = keeping.entry(answer(), stored_at=1.0, lifetime=60, grace=60, epochs=(("k", "a"),), extra={})
    assert entry is not None
    again = keeping.confirmed(entry, stored_at=9.0, lifetime=5, epochs=(("k", "b"),))
    assert (again.stored_at, again.lifetime, again.epochs) == (9.0, 5, (("k", "b"),))
    assert (again.body, again.validators, again.extra) == (entry.body, entry.validators, entry.extra)
