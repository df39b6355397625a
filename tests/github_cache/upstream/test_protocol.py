"""Calls, replies, links and redirections as values."""

import pytest

from github_cache.upstream import protocol
from github_cache.upstream.errors import BadAnswer, BadCall
from github_cache.upstream.protocol import Call, Headers, Reply

API = "https://github.example/api/v3"


def reply(status: int = 200, body: bytes = b"{}", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, Headers(named), body, 0.1, "me")


def test_headers_whatever_their_case() -> None:
    headers = Headers({"ETag": '"a"', "X-RateLimit-Remaining": "3"})
    assert headers["etag"] == headers["ETAG"] == '"a"'
    assert "x-ratelimit-remaining" in headers
    assert dict(headers) == {"ETag": '"a"', "X-RateLimit-Remaining": "3"}
    assert headers.get("Link") is None


@pytest.mark.parametrize(
    ("path", "graphql", "bucket"),
    [
        ("/repos/a/b", False, "core"),
        ("/search/issues?q=x", False, "search"),
        ("/search/code?q=x", False, "code_search"),
        ("/graphql", True, "graphql"),
        ("/rate_limit", False, "rate_limit"),
    ],
)
def test_the_bucket_of_a_call(path: str, graphql: bool, bucket: str) -> None:
    assert Call("GET", path, graphql=graphql).bucket == bucket


def test_what_is_never_passed_on() -> None:
    sent = Call(
        "GET",
        "/user",
        headers=(
            ("Authorization", "token theirs"),
            ("Cookie", "a=b"),
            ("Host", "evil.test"),
            ("X-Forwarded-For", "10.0.0.1"),
            ("Accept-Encoding", "br"),
            ("Accept", "application/vnd.github.raw"),
            ("If-None-Match", '"a"'),
        ),
    ).sent_headers()
    assert sent == {
        "Accept": "application/vnd.github.raw",
        "If-None-Match": '"a"',
        "X-GitHub-Api-Version": protocol.API_VERSION,
    }


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/a/../b", ()),
        ("TRACE", "/a", ()),
        ("GET /x HTTP/1.1\r\n", "/a", ()),
        ("GET", "/a", (("X-A", "b\r\nX-C: d"),)),
        ("GET", "/a", (("X A", "b"),)),
    ],
)
def test_a_call_that_cannot_be(method: str, path: str, headers: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(BadCall):
        Call(method, path, headers)


def test_another_tokens_validators_are_left_out() -> None:
    call = Call("GET", "/user", headers=(("If-None-Match", '"a"'), ("Accept", "x/y"), ("If-Modified-Since", "now")))
    assert call.unconditional().headers == (("Accept", "x/y"),)


def test_links_by_their_relation() -> None:
    header = '<https://a.test/x?page=2>; rel="next", <https://a.test/x?page=9,1>; rel=last, <bad, rubbish; rel="prev"'
    assert protocol.links(header) == {"next": "https://a.test/x?page=2", "last": "https://a.test/x?page=9,1"}
    assert protocol.links("") == protocol.links("<<>>;;,,rel=") == {}


def test_the_next_page_below_the_configured_address() -> None:
    link = f'<{API}/repositories/7/issues?page=2&per_page=100>; rel="next"'
    assert protocol.next_page(Headers({"Link": link}), API) == "/repositories/7/issues?page=2&per_page=100"
    assert protocol.next_page(Headers({}), API) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/api/v3/repositories/7",
        "http://github.example/api/v3/user",
        "//evil.example/api/v3/user",
        "https://github.example.evil.example/api/v3/user",
        "https://user@github.example/api/v3/user",
        "/user",
        "https://github.example/other/user",
        "https://github.example/api/v3/../../admin",
        "https://[bad/api/v3/x",
        "https://github.example/api/v3",
        "https://github.example/api/v3x/user",
    ],
)
def test_a_link_to_elsewhere_is_not_followed(url: str) -> None:
    with pytest.raises(BadAnswer):
        protocol.next_page(Headers({"Link": f'<{url}>; rel="next"'}), API)
    with pytest.raises(BadAnswer):
        protocol.redirection(reply(301, Location=url), API)


def test_a_renamed_repository() -> None:
    assert protocol.redirection(reply(301, Location=f"{API}/repositories/7"), API) == "/repositories/7"
    assert protocol.redirection(reply(200, Location=f"{API}/repositories/7"), API) is None
    assert protocol.redirection(reply(301), API) is None


@pytest.mark.parametrize(
    ("link", "page"),
    [
        ('<https://a.test/x?page=34>; rel="last"', 34),
        ('<https://a.test/x?page=x>; rel="last"', None),
        ("", None),
    ],
)
def test_the_last_page(link: str, page: int | None) -> None:
    assert protocol.last_page(Headers({"Link": link})) == page


@pytest.mark.parametrize("body", [b"<html></html>", b'{"a":', b"", b"\xff\xfe"])
def test_a_body_that_is_no_json(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        reply(body=body).json()
    assert reply(body=body).message() == ""


@pytest.mark.parametrize("body", [b"{}", b"null", b'["a"]', b'"text"'])
def test_a_list_that_is_none(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        protocol.listed(reply(body=body))


def test_githubs_own_words() -> None:
    assert reply(404, b'{"message": "Not Found"}').message() == "Not Found"
    assert reply(404, b'{"message": 7}').message() == ""
