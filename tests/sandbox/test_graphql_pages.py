"""Connections: every object on exactly one page, whatever comes and goes meanwhile, within GitHub's bounds."""

from typing import Any

import pytest

from github_sandbox import changes
from github_sandbox.graphql.connections import decode_cursor, encode_cursor
from github_sandbox.world import World
from tests.sandbox.asking import ORG, Asker, asker, pages, small_world

REPOSITORIES = """
    query($org: String!, $n: Int!, $after: String, $order: RepositoryOrder) { organization(login: $org) {
      repositories(first: $n, after: $after, orderBy: $order) {
        totalCount pageInfo { hasNextPage endCursor } nodes { databaseId name stargazerCount } } } }
"""
ISSUES = """
    query($name: String!, $n: Int!, $after: String, $states: [IssueState!]) {
      repository(owner: "octo-sample", name: $name) { issues(first: $n, after: $after, states: $states) {
        pageInfo { hasNextPage endCursor } nodes { number } } } }
"""


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
def ask(world: World) -> Asker:
    return asker(world, "octo-admin")


@pytest.mark.parametrize("size", [1, 5, 11, 12, 100])
def test_every_repository_is_on_one_page(ask: Asker, size: int) -> None:
    found = pages(ask, REPOSITORIES, "organization", "repositories", org=ORG, n=size)
    assert [node["databaseId"] for node in found] == sorted(ask.world.repositories)


@pytest.mark.parametrize("field", ["CREATED_AT", "NAME", "PUSHED_AT", "STARGAZERS", "UPDATED_AT"])
def test_falling_is_rising_reversed(ask: Asker, field: str) -> None:
    both = [
        pages(ask, REPOSITORIES, "organization", "repositories", org=ORG, n=5, order={"field": field, "direction": way})
        for way in ("ASC", "DESC")
    ]
    assert both[0] == both[1][::-1]
    assert len(both[0]) == 12


def test_they_come_in_the_order_asked_for(ask: Asker) -> None:
    order = {"field": "STARGAZERS", "direction": "DESC"}
    found = pages(ask, REPOSITORIES, "organization", "repositories", org=ORG, n=4, order=order)
    stars = [node["stargazerCount"] for node in found]
    assert stars == sorted(stars, reverse=True)


def test_issues_page_by_state(ask: Asker) -> None:
    repository = next(r for r in ask.world.repositories.values() if r.has_issues)
    for states, wanted in ((["OPEN"], {"open"}), (["CLOSED"], {"closed"}), (None, {"open", "closed"})):
        found = pages(ask, ISSUES, "repository", "issues", name=repository.name, n=2, states=states)
        numbers = sorted(i.number for i in repository.only_issues() if i.state in wanted)
        assert sorted(node["number"] for node in found) == numbers


def test_what_comes_and_goes_between_two_pages_hides_nothing(ask: Asker) -> None:
    first = ask.data(REPOSITORIES, org=ORG, n=5)["organization"]["repositories"]
    org = ask.world.organization(ORG)
    assert org is not None
    seen = [node["databaseId"] for node in first["nodes"]]
    changes.delete_repository(ask.world, ask.world.repositories[seen[0]], ask.account)
    made = changes.create_repository(ask.world, org, ask.account, "brand-new", {})
    made_id = made.id
    second = ask.data(REPOSITORIES, org=ORG, n=100, after=first["pageInfo"]["endCursor"])["organization"][
        "repositories"
    ]
    rest = [node["databaseId"] for node in second["nodes"]]
    assert sorted(seen[1:] + rest) == sorted({*ask.world.repositories} - {made_id})


BACKWARDS = """
    query($n: Int!, $before: String) { organization(login: "octo-sample") {
      repositories(last: $n, before: $before) {
        pageInfo { hasPreviousPage hasNextPage startCursor } edges { cursor node { databaseId } } } } }
"""


def test_backwards_from_the_end(ask: Asker) -> None:
    ids: list[int] = []
    before = None
    while True:
        found = ask.data(BACKWARDS, n=5, before=before)["organization"]["repositories"]
        ids = [edge["node"]["databaseId"] for edge in found["edges"]] + ids
        assert found["pageInfo"]["startCursor"] == found["edges"][0]["cursor"]
        assert found["pageInfo"]["hasNextPage"] == (before is not None)
        before = found["pageInfo"]["startCursor"]
        if not found["pageInfo"]["hasPreviousPage"]:
            break
    assert ids == sorted(ask.world.repositories)


def test_a_count_needs_no_bounds(ask: Asker) -> None:
    query = """{ organization(login: "octo-sample") { repositories { ...C } } }
               fragment C on RepositoryConnection { totalCount }"""
    assert ask.data(query)["organization"]["repositories"]["totalCount"] == 12


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        ("", "MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` or `last` value"),
        ("(first: 101)", "EXCESSIVE_PAGINATION", "exceeds the `first` limit of 100 records."),
        ("(last: 500)", "EXCESSIVE_PAGINATION", "exceeds the `last` limit of 100 records."),
        ("(first: -1)", "UNPROCESSABLE", "`first` on the `repositories` connection cannot be less than zero."),
        ("(first: 1, last: 1)", "UNPROCESSABLE", "Passing both `first` and `last`"),
        ('(first: 1, after: "rubbish")', "INVALID_CURSOR_ARGUMENTS", "`rubbish` does not appear to be a valid cursor."),
    ],
)
@pytest.mark.parametrize(
    "fields", ["nodes { id }", "pageInfo { endCursor }", "... on RepositoryConnection { edges { cursor } }"]
)
def test_bounds_are_refused_at_their_place(ask: Asker, arguments: str, kind: str, says: str, fields: str) -> None:
    query = f'{{ viewer {{ login }} organization(login: "octo-sample") {{ repositories{arguments} {{ {fields} }} }} }}'
    body = ask.result(query).body
    (error,) = body["errors"]
    assert error["type"] == kind
    assert error["path"] == ["organization", "repositories"]
    assert says in error["message"]
    assert error["locations"][0]["line"] == 1
    assert body["data"] == {"viewer": {"login": "octo-admin"}, "organization": None}


@pytest.mark.parametrize(
    "cursor", [encode_cursor(("a", "b")), encode_cursor(()), "Y3Vyc29yOnYyOnt9", "Y3Vyc29yOnYyOg=="]
)
def test_a_cursor_of_another_kind_is_no_cursor(ask: Asker, cursor: str) -> None:
    """An empty key sorts before all others; the rest are refused."""
    result = ask.result(REPOSITORIES, org=ORG, n=1, after=cursor)
    kinds = [error["type"] for error in result.body.get("errors", [])]
    assert kinds == ([] if cursor == encode_cursor(()) else ["INVALID_CURSOR_ARGUMENTS"])


@pytest.mark.parametrize("key", [(1,), ("ä/ö", 7), (1.5, 3)])
def test_cursors_keep_their_key(key: tuple[Any, ...]) -> None:
    assert decode_cursor(encode_cursor(key)) == key
