"""GitHub's addresses become ours in bodies and headers, and nothing else does."""

import pytest

from github_cache.proxy.rewriting import Rewriting, is_json

JSON = "application/json; charset=utf-8"
REWRITING = Rewriting("https://api.github.com", "http://127.0.0.1:8000/api/v3")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"url":"https://api.github.com/repos/a/b"}', b'{"url":"http://127.0.0.1:8000/api/v3/repos/a/b"}'),
        (b'{"url": "https://api.github.com"}', b'{"url": "http://127.0.0.1:8000/api/v3"}'),
        (b'{"u":"https://api.github.com{/x}"}', b'{"u":"http://127.0.0.1:8000/api/v3{/x}"}'),
        (b'{"u":"https:\\/\\/api.github.com\\/x"}', b'{"u":"http:\\/\\/127.0.0.1:8000\\/api\\/v3\\/x"}'),
        (b'{"u":"https://api.github.com/x?a=b\\u0026c=d"}', b'{"u":"http://127.0.0.1:8000/api/v3/x?a=b\\u0026c=d"}'),
        (b'["https://api.github.com/a","https://api.github.com/b"]',
         b'["http://127.0.0.1:8000/api/v3/a","http://127.0.0.1:8000/api/v3/b"]'),
    ],
)  # fmt: skip
def test_links_in_bodies(body: bytes, expected: bytes) -> None:
    assert REWRITING.body(body, JSON) == expected


@pytest.mark.parametrize(
    "body",
    [
        b'{"body":"see https://api.github.com/repos/a/b"}',
        b'{"body":"he wrote \\"https://api.github.com/x\\""}',
        b'{"body":"https://api.github.com/repos/a/b answers 500"}',
        b'{"body":"https://api.github.com/repos/a/b\\nanswers 500"}',
        b'{"url":"https://api.github.com.evil.example/x"}',
        b'{"url":"https://github.com/a/b"}',
        b'{"upload_url":"https://uploads.github.com/repos/a/b"}',
    ],
)
def test_what_is_no_link_of_the_api_stays(body: bytes) -> None:
    assert REWRITING.body(body, JSON) == body


def test_files_asked_for_raw_stay() -> None:
    body = b'{"url":"https://api.github.com/x"}'
    assert REWRITING.body(body, "text/plain") == body
    assert REWRITING.body(body, JSON, "github.v3; param=raw; format=json") == body


def test_link_headers() -> None:
    link = '<https://api.github.com/repositories/1/issues?page=2>; rel="next", <https://x.example/>; rel="help"'
    expected = (
        '<http://127.0.0.1:8000/api/v3/repositories/1/issues?page=2>; rel="next", <https://x.example/>; rel="help"'
    )
    assert REWRITING.link(link) == expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("https://api.github.com/repositories/1", "http://127.0.0.1:8000/api/v3/repositories/1"),
        ("https://codeload.github.com/a/b/tar.gz", "https://codeload.github.com/a/b/tar.gz"),
        ("https://api.github.com.evil.example/", "https://api.github.com.evil.example/"),
        ("/relative", "/relative"),
    ],
)
def test_locations(location: str, expected: str) -> None:
    assert REWRITING.location(location) == expected


def test_an_enterprise_server_with_a_path() -> None:
    server = Rewriting("https://ghe.example/api/v3", "https://cache.example/api/v3")
    assert (
        server.body(b'{"url":"https://ghe.example/api/v3/user"}', JSON)
        == b'{"url":"https://cache.example/api/v3/user"}'
    )
    assert server.body(b'{"url":"https://ghe.example/api/v30"}', JSON) == b'{"url":"https://ghe.example/api/v30"}'


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (JSON, True),
        ("application/vnd.github+json", True),
        ("Application/JSON", True),
        ("text/html", False),
        ("", False),
        ("application/jsonp", False),
    ],
)
def test_what_is_json(content_type: str, expected: bool) -> None:
    assert is_json(content_type) is expected
