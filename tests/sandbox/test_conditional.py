"""Conditional requests and what they cost, gzip, and the ETag's edges."""

import gzip

import pytest

from github_sandbox import changes
from github_sandbox.entities import Account, Repository
from github_sandbox.server import Handle
from tests.sandbox.conftest import Client


def test_an_authorised_304_is_free(ask: Client) -> None:
    first = ask("GET", "/repos/octo/hello")
    again = ask("GET", "/repos/octo/hello", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["X-RateLimit-Used"] == first.headers["X-RateLimit-Used"] == "1"


def test_a_strangers_304_is_charged(ask: Client) -> None:
    stranger = ask.as_(None)
    first = stranger("GET", "/repos/octo/hello")
    again = stranger("GET", "/repos/octo/hello", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.headers["X-RateLimit-Used"]) == (304, "2")
    assert first.headers["Cache-Control"].startswith("public")


def test_another_token_of_the_same_user_does_not_match(ask: Client) -> None:
    etag = ask("GET", "/repos/octo/hello").headers["ETag"]
    other = ask.as_("ghp_sandbox_admin_2")("GET", "/repos/octo/hello", headers={"If-None-Match": etag})
    assert other.status_code == 200
    assert other.headers["X-RateLimit-Used"] == "2"


def test_contents_have_one_etag_for_all_tokens(ask: Client) -> None:
    path = "/repos/octo/hello/contents/README.md"
    etag = ask("GET", path).headers["ETag"]
    assert ask.as_(None)("GET", path, headers={"If-None-Match": etag}).status_code == 304


def test_gzip_bears_the_weak_form_and_its_304_the_strong_one(ask: Client) -> None:
    packed = ask("GET", "/repos/octo/hello", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["ETag"].startswith('W/"')
    again = ask("GET", "/repos/octo/hello", headers={"If-None-Match": packed.headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["ETag"] == packed.headers["ETag"].removeprefix("W/")


def test_gzip_unpacks_to_the_identity_form(ask: Client) -> None:
    plain = ask("GET", "/repos/octo/hello").content
    with ask("GET", "/repos/octo/hello", headers={"Accept-Encoding": "gzip"}, stream=True) as packed:
        assert gzip.decompress(packed.raw.read()) == plain


def test_last_modified_alone_is_enough(ask: Client) -> None:
    first = ask("GET", "/repos/octo/hello")
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert ask("GET", "/repos/octo/hello", headers=since).status_code == 304


def test_a_change_changes_the_etag(ask: Client, sandbox: Handle, hello: Repository, admin: Account) -> None:
    etag = ask("GET", "/repos/octo/hello/labels").headers["ETag"]
    changes.create_label(sandbox.world, hello, admin, "new", "ffffff", None)
    assert ask("GET", "/repos/octo/hello/labels", headers={"If-None-Match": etag}).status_code == 200


def test_the_link_header_is_outside_the_etag(ask: Client, sandbox: Handle, hello: Repository, admin: Account) -> None:
    path = "/repos/octo/hello/issues?per_page=2&direction=asc"
    first = ask("GET", path)
    assert "Link" not in first.headers
    changes.create_issue(sandbox.world, hello, admin, "A third", None, [])
    again = ask("GET", path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert "Link" not in again.headers
    assert 'rel="next"' in ask("GET", path).headers["Link"]


@pytest.mark.parametrize("agent", ["curl/8.0", "Wget/1.2", "Mozilla/5.0 Firefox/130", "Safari/605"])
def test_some_agents_get_a_pretty_body_with_the_plain_ones_etag(ask: Client, agent: str) -> None:
    plain = ask("GET", "/repos/octo/hello/languages")
    pretty = ask("GET", "/repos/octo/hello/languages", headers={"User-Agent": agent})
    assert pretty.text.startswith("{\n  ")
    assert pretty.json() == plain.json()
    assert pretty.headers["ETag"] == plain.headers["ETag"]


def test_a_search_has_no_etag(ask: Client) -> None:
    answer = ask("GET", "/search/issues?q=slow")
    assert [item["title"] for item in answer.json()["items"]] == ["It is slow"]
    assert "ETag" not in answer.headers
    assert answer.headers["X-RateLimit-Resource"] == "search"
