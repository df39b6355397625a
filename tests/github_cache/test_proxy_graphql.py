"""What a GraphQL request wants, read off its text; and what its node IDs tell."""

import base64

import orjson
import pytest

from github_cache.proxy import graphql, node_ids
from github_cache.proxy.graphql import Unreadable, Wish


def read(query: str, variables: object = None, operation: str | None = None) -> graphql.Request:
    return graphql.read(orjson.dumps({"query": query, "variables": variables, "operationName": operation}))


@pytest.mark.parametrize(
    ("query", "wish"),
    [
        ("{ viewer { login } }", Wish.QUERY),
        ("query { rateLimit { cost } viewer { login } }", Wish.AS_IS),
        ('mutation { addStar(input: {starrableId: "x"}) { clientMutationId } }', Wish.MUTATION),
        ("subscription { x }", Wish.AS_IS),
        ("{", Wish.AS_IS),
        ("query A { a } query B { b }", Wish.AS_IS),
        ("query A { a } mutation B { b }", Wish.MUTATION),
        ("query { ...limits } fragment limits on Query { rateLimit { cost } }", Wish.AS_IS),
        ("query { ... on Query { left: rateLimit { cost } } }", Wish.AS_IS),
        ("mutation {", Wish.MUTATION),
        ("mutation { " + "a " * graphql.MAX_TOKENS + "}", Wish.MUTATION),
        ("query { " + "a " * graphql.MAX_TOKENS + "}", Wish.AS_IS),
        ("mutation { " + "a {" * 5_000, Wish.MUTATION),
        ("", Wish.AS_IS),
    ],
)
def test_wishes(query: str, wish: Wish) -> None:
    assert read(query).wish is wish


def test_the_operation_that_is_named_counts() -> None:
    both = "query A { a } mutation B { b }"
    assert read(both, operation="A").wish is Wish.QUERY
    assert read(both, operation="B").wish is Wish.MUTATION


@pytest.mark.parametrize(
    ("query", "variables", "scope"),
    [
        ('{ repository(owner: "Acme", name: "API") { id } }', None, {"owner": "acme", "repo": "api"}),
        ("query($o: String!) { organization(login: $o) { id } }", {"o": "acme"}, {"org": "acme"}),
        ('{ a: repository(owner: "a", name: "b") { id } b: repository(owner: "A", name: "b") { id } }', None,
         {"owner": "a", "repo": "b"}),
        ('{ repository(owner: "a", name: "b") { id } organization(login: "c") { id } }', None, None),
        ('{ repository(owner: "a", name: "b") { id } viewer { login } }', None, None),
        ("{ ...F } fragment F on Query { viewer { login } }", None, None),
        ("query($o: String!) { organization(login: $o) { id } }", {"o": "../x"}, None),
        ("query($o: String!) { organization(login: $o) { id } }", None, None),
        ("{ viewer { login } }", None, None),
    ],
)  # fmt: skip
def test_scopes(query: str, variables: dict | None, scope: dict | None) -> None:
    assert read(query, variables).scope == scope


@pytest.mark.parametrize(
    ("query", "viewer"),
    [
        ("{ viewer { login } }", True),
        ('{ repository(owner: "a", name: "b") { viewerHasStarred } }', True),
        ('{ user(login: "a") { isViewer } }', True),
        ("{ node(id: 1) { ... on ReviewRequestedEvent { requestedReviewer { __typename } } } }", False),
        ('{ repository(owner: "a", name: "b") { stargazerCount } }', False),
    ],
)
def test_questions_about_who_asks(query: str, viewer: bool) -> None:
    assert read(query).viewer is viewer


def test_spelling_makes_no_difference() -> None:
    one, other = read("{viewer{login}}", {"b": 1, "a": 2}), read("{ # hi\n viewer,{ login } }", {"a": 2, "b": 1})
    assert (one.document, one.variables) == (other.document, other.variables)
    assert read("{a}", '{"x": 1}').variables == '{"x":1}'


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"query":1}', b'{"query":"{a}","variables":[1]}', b"\xff"])
def test_what_is_no_request(body: bytes) -> None:
    with pytest.raises(Unreadable):
        graphql.read(body)


def deep(query: str, depth: int) -> bytes:
    return b'{"query":"%s","variables":{"a":%s}}' % (query.encode(), b"[" * depth + b"]" * depth)


@pytest.mark.parametrize("query", ["{a}", "mutation{a}", "{"])
@pytest.mark.parametrize("depth", [300, 1000, 5000])
def test_variables_that_are_nested_too_deeply_are_refused(query: str, depth: int) -> None:
    assert graphql.read(deep(query, 250)).variables == '{"a":%s}' % ("[" * 250 + "]" * 250)
    with pytest.raises(Unreadable):
        graphql.read(deep(query, depth))


def test_deep_nesting_is_githubs_to_judge() -> None:
    assert read("{" + "a{" * 5000 + "b" + "}" * 5001).wish is Wish.AS_IS


OLD = base64.b64encode(b"010:Repository1296269").decode()
ISSUE = base64.b64encode(b"05:Issue7").decode()


@pytest.mark.parametrize(
    ("text", "repository", "is_id"),
    [
        (OLD, 1296269, True),
        (ISSUE, None, True),
        ("R_kgDOABCDEA", 0x00108310, True),
        ("I_kwDOABCDEM5x", 0x00108310, True),
        ("U_kgDOABCDEA", None, True),
        ("bug", None, False),
        ("good first issue", None, False),
        ("", None, False),
    ],
)
def test_node_ids(text: str, repository: int | None, is_id: bool) -> None:
    assert node_ids.repository(text) == repository
    assert node_ids.is_node_id(text) is is_id


def test_a_mutation_touches_the_repositories_that_its_ids_name() -> None:
    star = "mutation($id: ID!) { addStar(input: {starrableId: $id}) { clientMutationId } }"
    assert graphql.repositories_touched(read(star, {"id": OLD})) == {1296269}
    assert graphql.repositories_touched(read(star.replace("$id: ID!", "$x: Int").replace("$id", f'"{OLD}"'))) == {
        1296269
    }


@pytest.mark.parametrize("ids", [[ISSUE], [OLD, ISSUE], []])
def test_where_they_do_not_tell_all_anything_may_be_touched(ids: list[str]) -> None:
    query = "mutation($ids: [ID!]) { x(input: {ids: $ids}) { clientMutationId } }"
    assert graphql.repositories_touched(read(query, {"ids": ids})) is None
