"""Paths are checked before anything is sent, and encoded as GitHub wants them."""

from urllib.parse import unquote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_cache.proxy import paths
from github_cache.upstream.errors import BadCall


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/..", ""),
        ("/repos/acme/../../user", ""),
        ("/repos/acme/./api", ""),
        ("/repos/acme/%2e%2e/user", ""),
        ("/repos/acme%2fapi", ""),
        ("/repos/acme/api/contents/a%5cb", ""),
        ("//evil.example/x", ""),
        ("/repos//api", ""),
        ("/http:/evil.example", ""),
        ("/user@evil.example/x", ""),
        ("/repos/acme/api\n", ""),
        ("/repos/acme/a\x00b", ""),
        ("/repos/acme/a\\b", ""),
        ("/repos/ac me/api", ""),
        ("/repos/-acme/api", ""),
        ("/repos/acme/..", ""),
        ("/repos/acme/" + "a" * 101, ""),
        ("/orgs/a/b/" + "x" * 5000, ""),
        ("/repositories/" + "9" * 41, ""),
        ("/repositories/" + "9" * 5000, ""),
        ("/repositories/12345678901234567890/issues", ""),
        ("/repositories/\uff11\uff12/issues", ""),
        ("/organizations/" + "9" * 60 + "/repos", ""),
        ("/organizations/acme", ""),
        ("/user", "access_token=abc"),
        ("/user", "page=1&Access_Token=abc"),
        ("/user", "access%5ftoken=abc"),
        ("/user", "page=1&%63lient_secret=abc"),
        ("/user", "q=" + "a" * 9000),
        ("/user", "q=a b"),
        ("/user", "q=\r\nX: y"),
        ("/user", "q=\x7f"),
        ("/user", "q=a#b"),
        ("/user", "q=%zz"),
        ("repos/acme/api", ""),
        ("", ""),
    ],
)
def test_refused(path: str, query: str) -> None:
    with pytest.raises(BadCall):
        paths.checked(path, query)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/", "/"),
        ("/repos/acme/api", "/repos/acme/api"),
        ("/repos/acme/api/contents/a b/ü.txt", "/repos/acme/api/contents/a%20b/%C3%BC.txt"),
        ("/repos/acme/api/contents/@types/x", "/repos/acme/api/contents/@types/x"),
        ("/repos/acme/api/labels/area/ci fix", "/repos/acme/api/labels/area%2Fci%20fix"),
        ("/repositories/12/labels/a/b", "/repositories/12/labels/a%2Fb"),
        ("/repos/acme/api/issues/7/labels/area/ci", "/repos/acme/api/issues/7/labels/area%2Fci"),
        ("/repositories/12/issues/7/labels/a/b", "/repositories/12/issues/7/labels/a%2Fb"),
        ("/repos/acme/api/issues/7/labels", "/repos/acme/api/issues/7/labels"),
        ("/repos/acme/api/environments/eu/prod", "/repos/acme/api/environments/eu%2Fprod"),
        ("/repos/acme/api/environments/prod/secrets", "/repos/acme/api/environments/prod/secrets"),
        ("/repos/acme/api/environments/eu/prod/secrets/A B", "/repos/acme/api/environments/eu%2Fprod/secrets/A%20B"),
        ("/repos/acme/api/environments/p/variables/X", "/repos/acme/api/environments/p/variables/X"),
        (
            "/repositories/12/environments/a/b/deployment-branch-policies/3",
            "/repositories/12/environments/a%2Fb/deployment-branch-policies/3",
        ),
        (
            "/repos/acme/api/environments/p/deployment_protection_rules/apps",
            "/repos/acme/api/environments/p/deployment_protection_rules/apps",
        ),
        ("/repos/acme/api/environments/secrets", "/repos/acme/api/environments/secrets"),
        ("/orgs/acme/packages/container/api/web", "/orgs/acme/packages/container/api%2Fweb"),
        ("/orgs/acme/packages/npm/web", "/orgs/acme/packages/npm/web"),
        ("/users/ada/packages/container/a/b/versions", "/users/ada/packages/container/a%2Fb/versions"),
        ("/user/packages/container/a/b/versions/9/restore", "/user/packages/container/a%2Fb/versions/9/restore"),
        ("/user/packages/container/a/versions/b", "/user/packages/container/a%2Fversions%2Fb"),
        ("/orgs/acme/packages/container/a/b/restore", "/orgs/acme/packages/container/a%2Fb/restore"),
        ("/repositories", "/repositories"),
        ("/repositories/1234567890123456789", "/repositories/1234567890123456789"),
        ("/organizations/12/repos", "/organizations/12/repos"),
        ("/users/dependabot[bot]", "/users/dependabot%5Bbot%5D"),
        ("/repos/acme/api/compare/main...x", "/repos/acme/api/compare/main...x"),
        ("/repos/acme/api/labels/50%", "/repos/acme/api/labels/50%25"),
    ],
)
def test_sent(path: str, sent: str) -> None:
    assert paths.checked(path) == sent


_NAMED = st.sampled_from(
    ("/repos/a/b/labels/", "/repos/a/b/issues/1/labels/", "/repos/a/b/environments/", "/orgs/a/packages/npm/", "/")
)
_TAIL = st.sampled_from(("", "/secrets/X", "/variables", "/versions/1", "/restore"))


@given(_NAMED, st.text(st.characters(codec="utf-8"), max_size=40), _TAIL)
def test_what_is_sent_is_decoded_to_what_came(before: str, name: str, after: str) -> None:
    assert unquote(paths.encoded(before + name + after)) == before + name + after


def test_the_query_goes_as_it_came() -> None:
    assert paths.checked("/search/code", "q=a+b%20c&sort=x") == "/search/code?q=a+b%20c&sort=x"


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ("q=a|b", "q=a%7Cb"),
        ("q={a}^`b`", "q=%7Ba%7D%5E%60b%60"),
        ('q="a"<b>\\', "q=%22a%22%3Cb%3E%5C"),
        ("q=é✓".encode().decode("latin-1"), "q=%C3%A9%E2%9C%93"),
        ("q=✓", "q=%E2%9C%93"),
        ("q=%7C|", "q=%7C%7C"),
    ],
)
def test_what_a_client_leaves_raw_in_a_query_is_encoded(query: str, sent: str) -> None:
    assert paths.checked("/search/code", query) == f"/search/code?{sent}"
    assert paths.canonical_query(query) == sent


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x1F600, exclude_characters="#%&\x7f"), max_size=40))
def test_a_query_is_sent_as_the_bytes_that_came(text: str) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    sent = paths.checked("/x", f"q={raw.decode('latin-1')}").partition("?q=")[2]
    assert unquote_to_bytes(sent) == raw


def test_parameters_are_sorted_in_keys_but_repeated_ones_keep_their_order() -> None:
    assert paths.canonical_query("b=2&a=2&&a=1") == "a=2&a=1&b=2"


@given(st.text(max_size=60))
def test_whatever_is_typed_is_either_refused_or_stays_below_the_root(text: str) -> None:
    try:
        sent = paths.checked("/" + text)
    except BadCall:
        return
    assert sent.startswith("/")
    assert not sent.startswith("//")
    assert "/../" not in sent + "/"
    assert sent.isascii()
