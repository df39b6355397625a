"""How GraphQL refuses: HTTP 200 with errors in GitHub's shape and null where they happened; nothing private leaks."""

from typing import Any

import pytest

from github_sandbox.entities import Account
from github_sandbox.graphql.execution import execute, hiccup
from github_sandbox.world import World
from tests.sandbox.asking import Asker, asker, small_world


@pytest.fixture
def world() -> World:
    return small_world()


@pytest.fixture
def ask(world: World) -> Asker:
    return asker(world, "octo-admin")


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ('repository(owner: "a", name: "b") { id }', "Could not resolve to a Repository with the name 'a/b'."),
        ('organization(login: "no") { id }', "Could not resolve to an Organization with the login of 'no'."),
        (
            'organization(login: "octo-x") { id }',
            "Could not resolve to an Organization with the login of 'octo-x'.",
        ),
        ('user(login: "octo-sample") { id }', "Could not resolve to a User with the login of 'octo-sample'."),
        ('node(id: "rubbish") { id }', "Could not resolve to a node with the global id of 'rubbish'"),
    ],
)
def test_what_is_missing_is_null_and_the_rest_is_there(ask: Asker, field: str, message: str) -> None:
    result = ask.result(f"{{\n  it: {field} viewer {{ login }} }}")
    assert result.status == 200
    assert result.body == {
        "data": {"it": None, "viewer": {"login": "octo-admin"}},
        "errors": [{"type": "NOT_FOUND", "path": ["it"], "locations": [{"line": 2, "column": 3}], "message": message}],
    }


def test_among_several_nodes_only_the_missing_are_null(ask: Asker) -> None:
    result = ask.result("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["no", ask.account.node_id, "nor"])
    assert result.body["data"] == {"nodes": [None, {"id": ask.account.node_id}, None]}
    assert [error["path"] for error in result.body["errors"]] == [["nodes", 0], ["nodes", 2]]


@pytest.mark.parametrize(
    ("field", "what"),
    [
        ("issue(number: 999)", "an Issue"),
        ("pullRequest(number: 999)", "a PullRequest"),
        ("issueOrPullRequest(number: 999)", "an issue or pull request"),
    ],
)
def test_a_number_that_nothing_has(ask: Asker, field: str, what: str) -> None:
    name = next(iter(ask.world.repositories.values())).name
    query = f'{{ repository(owner: "octo-sample", name: "{name}") {{ name {field} {{ __typename }} }} }}'
    result = ask.result(query)
    (error,) = result.body["errors"]
    assert error["message"] == f"Could not resolve to {what} with the number of 999."
    assert result.body["data"]["repository"]["name"] == name


def test_a_private_repository_is_not_there_for_a_stranger(world: World) -> None:
    guest = asker(world, "octo-guest")
    for repository in list(world.repositories.values())[-3:]:
        repository.visibility = "private"
    closed = [r for r in world.repositories.values() if r.private and "octo-guest" not in r.collaborators]
    assert len(closed) == 3
    for repository in closed:
        for query in (
            f'{{ repository(owner: "octo-sample", name: "{repository.name}") {{ id }} }}',
            f'{{ node(id: "{repository.node_id}") {{ id }} }}',
            *(f'{{ node(id: "{issue.node_id}") {{ id }} }}' for issue in repository.issues.values()),
            *(f'{{ node(id: "{label.node_id}") {{ id }} }}' for label in repository.labels.values()),
        ):
            assert [error["type"] for error in guest.errors(query)] == ["NOT_FOUND"]
    query = '{ organization(login: "octo-sample") { repositories(first: 100) { totalCount nodes { databaseId } } } }'
    shown = guest.data(query)["organization"]["repositories"]
    hidden = {repository.id for repository in closed}
    assert {node["databaseId"] for node in shown["nodes"]} == set(world.repositories) - hidden
    found = guest.data('{ search(type: REPOSITORY, query: "org:octo-sample", first: 100) { repositoryCount } }')
    assert found["search"]["repositoryCount"] == shown["totalCount"] == len(world.repositories) - len(hidden)


@pytest.mark.parametrize("body", [{}, {"query": None}, {"query": 7}, {"query": "  "}, {"query": ["{ viewer }"]}])
def test_a_query_must_be_a_string(ask: Asker, body: dict[str, Any]) -> None:
    result = execute(ask.world, ask.account, body)
    assert result.status == 400
    assert result.body["message"] == "A query attribute must be specified and must be a string."


def test_a_stranger_is_refused(world: World) -> None:
    result = execute(world, None, {"query": "{ viewer { login } }"})
    assert result.status == 401
    assert result.body["message"] == "This endpoint requires you to be authenticated."
    assert "data" not in result.body


@pytest.mark.parametrize("variables", [[], "x", 7])
def test_variables_must_be_an_object(ask: Asker, variables: Any) -> None:
    assert execute(ask.world, ask.account, {"query": "{ viewer { login } }", "variables": variables}).status == 400


def test_an_unknown_field(ask: Asker) -> None:
    result = ask.result("query Mine { viewer { ... on User { name wealth } } }")
    assert (result.status, result.cost) == (200, 1)
    assert result.body == {
        "errors": [
            {
                "path": ["query Mine", "viewer", "... on User", "wealth"],
                "extensions": {"code": "undefinedField", "typeName": "User", "fieldName": "wealth"},
                "locations": [{"line": 1, "column": 42}],
                "message": "Field 'wealth' doesn't exist on type 'User'",
            }
        ]
    }


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ viewer { login(x: 1) } }", "argumentNotAccepted"),
        ("{ viewer }", "selectionMismatch"),
        ("{ viewer { ...No } }", "useAndDefineFragment"),
        ("query($a: Int) { viewer { login } }", "variableNotUsed"),
        ("{ viewer { repositories(first: $a) { totalCount } } }", "variableNotDefined"),
    ],
)
def test_what_does_not_fit_the_schema_has_a_code(ask: Asker, query: str, code: str) -> None:
    (error,) = ask.errors(query)
    assert error["extensions"]["code"] == code
    assert error["locations"]


def test_what_cannot_be_parsed_says_where(ask: Asker) -> None:
    result = ask.result("{ viewer {\n login")
    assert (result.status, result.cost) == (200, 1)
    assert "data" not in result.body
    assert result.body["errors"][0]["locations"] == [{"line": 2, "column": 7}]


@pytest.mark.parametrize(
    ("variables", "part"),
    [({}, "$n"), ({"n": "three"}, "$n"), ({"n": 1, "since": "yesterday"}, "ISO 8601")],
)
def test_a_variable_that_does_not_fit(ask: Asker, variables: dict[str, Any], part: str) -> None:
    name = next(iter(ask.world.repositories.values())).name
    query = """query($n: Int!, $since: DateTime) { repository(owner: "octo-sample", name: "%s") {
        issues(first: $n, filterBy: {since: $since}) { totalCount } } }"""
    result = ask.result(query % name, **variables)
    assert (result.status, "data" in result.body) == (200, False)
    assert part in result.body["errors"][0]["message"]


def test_more_than_half_a_million_nodes_are_refused(ask: Asker) -> None:
    query = """{ viewer { repositories(first: 100) { nodes { issues(first: 100) { nodes {
        labels(first: 100) { nodes { name } } } } } } } }"""
    result = ask.result(query)
    assert result.status == 200
    (error,) = result.body["errors"]
    assert error["type"] == "MAX_NODE_LIMIT_EXCEEDED"
    assert "1,010,100 possible nodes which exceeds the maximum limit of 500,000" in error["message"]
    assert "data" not in result.body


def test_past_its_budget_of_bytes_a_query_goes_on_without_the_texts(ask: Asker) -> None:
    query = """{ organization(login: "octo-sample") { repositories(first: 100) { nodes { name
        object(expression: "HEAD:README.md") { ... on Blob { byteSize text } } } } } }"""
    ask.world.limits.change(graphql_blob_bytes=500)
    body = ask.result(query).body
    blobs = [node["object"] for node in body["data"]["organization"]["repositories"]["nodes"]]
    got = [blob for blob in blobs if blob["text"] is not None]
    assert 0 < len(got) < len(blobs)
    assert sum(blob["byteSize"] for blob in got) <= 500
    assert {error["type"] for error in body["errors"]} == {"RESOURCE_LIMITS_EXCEEDED"}
    assert {error["message"] for error in body["errors"]} == {"Resource limits for this query exceeded."}
    missing = [index for index, blob in enumerate(blobs) if blob["text"] is None]
    places = [["organization", "repositories", "nodes", index, "object", "text"] for index in missing]
    assert [error["path"] for error in body["errors"]] == places


def test_past_its_budget_of_nodes_a_query_goes_on_without_them(ask: Asker) -> None:
    query = """{ organization(login: "octo-sample") { repositories(first: 100) { nodes {
        languages(first: 10) { nodes { name } } } } } }"""
    ask.world.limits.change(graphql_result_nodes=20)
    body = ask.result(query).body
    nodes = body["data"]["organization"]["repositories"]["nodes"]
    assert len(nodes) == 12
    assert nodes[0]["languages"] is not None
    assert nodes[-1]["languages"] is None
    assert {error["type"] for error in body["errors"]} == {"RESOURCE_LIMITS_EXCEEDED"}


def test_the_next_query_has_a_budget_of_its_own(ask: Asker) -> None:
    ask.world.limits.change(graphql_result_nodes=12)
    query = '{ organization(login: "octo-sample") { repositories(first: 100) { nodes { id } } } }'
    for _ in range(3):
        assert len(ask.data(query)["organization"]["repositories"]["nodes"]) == 12


def test_a_hiccup_is_a_200_without_data() -> None:
    result = hiccup(1_767_225_600, "5A4D:1")
    assert (result.status, result.body["data"]) == (200, None)
    (error,) = result.body["errors"]
    assert error["message"].startswith("Something went wrong while executing your query on 2026-01-01T00:00:00Z")
    assert "5A4D:1" in error["message"]


def test_a_blocked_repository_says_so(ask: Asker) -> None:
    repository = next(iter(ask.world.repositories.values()))
    repository.blocked = {"reason": "dmca"}
    (error,) = ask.errors(f'{{ repository(owner: "octo-sample", name: "{repository.name}") {{ id }} }}')
    assert (error["type"], error["message"]) == ("FORBIDDEN", "Repository access blocked")


def test_an_app_has_no_viewer(world: World) -> None:
    bot = world.add_account(Account(9999, "octo-bot[bot]", "Bot"))
    (error,) = Asker(world, bot).errors("{ viewer { login } }")
    assert (error["type"], error["message"]) == ("FORBIDDEN", "Resource not accessible by integration")
