"""What is never sent to GitHub: names and paths that could lead elsewhere. No call is made for any of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_cache.upstream import paths
from github_cache.upstream.errors import BadCall

BAD_NAMES = [
    "",
    ".",
    "..",
    "a/b",
    "%2e%2e",
    "%2E%2E",
    "a%2fb",
    "a b",
    "a\nb",
    "a\0b",
    "user@host",
    "a:b",
    "a?b",
    "a#b",
    "\\",
    "é",
    "x" * 5000,
]


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: repr(name[:20]))
def test_an_owner_that_cannot_be(name: str) -> None:
    with pytest.raises(BadCall) as raised:
        paths.of_repository(name, "api")
    assert raised.value.status == 400
    assert len(raised.value.message) < 300


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: repr(name[:20]))
def test_a_repository_that_cannot_be(name: str) -> None:
    with pytest.raises(BadCall):
        paths.of_repository("acme", name)


@pytest.mark.parametrize("name", ["acme", "a-b", "dependabot[bot]", "Octo_Corp", "9lives"])
def test_an_owner(name: str) -> None:
    assert paths.owner(name) == name


@pytest.mark.parametrize("name", [".github", "..a", "a.b_c-d", "api.v2"])
def test_a_repository(name: str) -> None:
    assert paths.of_repository("acme", name, "/issues") == f"/repos/acme/{name}/issues"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "repos/a/b",
        "//evil.test/x",
        "https://evil.test/x",
        "/repos/../user",
        "/repos/%2e%2e/user",
        "/repos/a%2f..%2fb",
        "/repos/a//b",
        "/a/%252e%252e/b",
        "/a\r\nHost: evil.test",
        "/a b",
        "/a#b",
        "/a%00b",
        "/a%0ab",
        "/a\\b",
        "/a%5cb",
        "/a%zz",
        "/é",
        "/" + "a" * 20_000,
        "/a/./b",
        "/a/.",
        "/a?b c",
        "/a?b=%",
    ],
    ids=lambda path: repr(path[:30]),
)
def test_a_path_that_is_not_sent(path: str) -> None:
    with pytest.raises(BadCall):
        paths.sendable(path)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/user",
        "/repos/acme/api/labels/good%20first%20issue",
        "/repos/acme/api/labels/a%2Fb",
        "/repos/acme/.github/",
        "/search/issues?q=repo:acme/api+is:open&per_page=100",
        "/repos/a/b/contents/d%C3%A9j%C3%A0.md?ref=main",
        "/repos/a/b/compare/v1...v2",
        "/users/dependabot%5Bbot%5D",
        "/repos/a/b/labels/100%25",
    ],
)
def test_a_path_that_is_sent_as_it_is(path: str) -> None:
    assert paths.sendable(path) == path


@given(st.text(min_size=1, max_size=60))
def test_any_text_is_one_segment_or_refused(text: str) -> None:
    try:
        segment = paths.segment(text)
    except BadCall:
        return
    assert "/" not in segment
    assert segment not in (".", "..")


@given(st.text(max_size=80))
def test_what_is_sendable_stays_within_the_host(text: str) -> None:
    try:
        path = paths.sendable("/" + text)
    except BadCall:
        return
    assert path.isascii()
    assert path.isprintable()
    assert not path.startswith("//")
    assert ".." not in path.partition("?")[0].split("/")


@pytest.mark.parametrize("name", ["acme", "acme/", "/api", "acme/api/more", "", "a b/c"])
def test_a_full_name_that_is_none(name: str) -> None:
    with pytest.raises(BadCall):
        paths.full_name(name)
