"""Which API is asked, in which order, and how a list goes on at the other one."""

import pytest

from github_cache.upstream import errors
from github_cache.upstream.errors import (
    BadAnswer,
    BadCall,
    NoCredential,
    TooMuch,
    Unreachable,
    Unsupported,
    UpstreamError,
)
from github_cache.upstream.fetched import Source
from github_cache.upstream.sources import BOTH, Cursor, Flags, leads_on, plan

REST_ONLY: frozenset[Source] = frozenset({"rest"})


@pytest.mark.parametrize(
    ("offered", "flags", "expected"),
    [
        (BOTH, Flags(), ("graphql", "rest")),
        (BOTH, Flags(graphql=False), ("rest",)),
        (BOTH, Flags(rest_fallback=False), ("graphql",)),
        (BOTH, Flags(graphql=False, rest_fallback=False), ()),
        (BOTH, Flags(mode="rest"), ("rest",)),
        (BOTH, Flags(mode="graphql"), ("graphql",)),
        (BOTH, Flags(graphql=False, mode="graphql"), ("graphql",)),
        (BOTH, Flags(rest_fallback=False, mode="rest"), ("rest",)),
        (REST_ONLY, Flags(), ("rest",)),
        (REST_ONLY, Flags(rest_fallback=False), ("rest",)),
        (REST_ONLY, Flags(graphql=False, rest_fallback=False), ("rest",)),
        (REST_ONLY, Flags(mode="graphql"), ()),
    ],
)
def test_the_plan(offered: frozenset[Source], flags: Flags, expected: tuple[Source, ...]) -> None:
    assert plan("graphql", offered, flags) == expected


def test_the_other_way_round() -> None:
    assert plan("rest", BOTH, Flags()) == ("rest", "graphql")


@pytest.mark.parametrize(
    ("error", "source", "leads"),
    [
        (BadAnswer("502", 502), "graphql", True),
        (BadAnswer("500", 500), "rest", True),
        (TooMuch("too much", 200), "graphql", True),
        (Unsupported("no such field", 200), "graphql", True),
        (Unreachable("slow", timed_out=True, sent=True), "graphql", True),
        (Unreachable("refused", timed_out=False, sent=False), "graphql", False),
        (Unreachable("no route", timed_out=True, sent=False), "rest", False),
        (errors.refused(403, "Resource not accessible"), "graphql", True),
        (errors.refused(403, "Resource not accessible"), "rest", False),
        (errors.refused(404, "Not Found"), "graphql", False),
        (errors.refused(410, "Issues are disabled"), "rest", False),
        (BadCall("a name that cannot be"), "graphql", False),
        (NoCredential("none"), "rest", False),
    ],
)
def test_what_leads_on_to_the_other_api(error: UpstreamError, source: Source, leads: bool) -> None:
    assert leads_on(error, source) is leads


@pytest.mark.parametrize("cursor", [Cursor(), Cursor(30), Cursor(100, "Y3Vyc29yOnYyOg=="), Cursor(5, "a:b")])
def test_a_cursor_is_read_as_it_was_written(cursor: Cursor) -> None:
    assert Cursor.read(str(cursor)) == cursor


@pytest.mark.parametrize("text", ["abc", "-1:", ":", "1", "99999999999:x", "²:"])
def test_a_cursor_that_is_none(text: str) -> None:
    with pytest.raises(BadCall):
        Cursor.read(text)


def test_a_place_that_graphql_cannot_begin_at() -> None:
    assert Cursor(30).only_rest
    assert not Cursor(30, "x").only_rest
    assert not Cursor.read(None).only_rest
