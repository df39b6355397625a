"""What a query costs, by GitHub's documented arithmetic."""

from typing import Any

import pytest
from graphql import get_operation_ast, parse
from hypothesis import given
from hypothesis import strategies as st

from github_sandbox.graphql.cost import Cost, price


def cost_of(query: str, variables: dict[str, Any] | None = None, operation: str | None = None) -> Cost:
    document = parse(query)
    found = get_operation_ast(document, operation)
    assert found is not None
    return price(document, found, variables or {})


def test_points_as_in_githubs_example() -> None:
    """docs.github.com: 1 request for the repositories, 100 for their issues, 5,000 for the labels."""
    cost = cost_of("""
        { viewer { login repositories(first: 100) { edges { node { id
            issues(first: 50) { edges { node { id labels(first: 60) { edges { node { id name } } } } } } } } } } }
    """)
    assert cost.requests == 5101
    assert cost.points == 51


def test_nodes_as_in_githubs_first_example() -> None:
    cost = cost_of("""
        { viewer { repositories(first: 50) { edges { repository: node { name
            issues(first: 10) { totalCount edges { node { title bodyHTML } } } } } } } }
    """)
    assert cost.nodes == 50 + 50 * 10 == 550


def test_nodes_as_in_githubs_second_example() -> None:
    cost = cost_of("""
        { viewer {
            repositories(first: 50) { edges { repository: node { name
              pullRequests(first: 20) { edges { pullRequest: node { title
                comments(first: 10) { edges { comment: node { bodyHTML } } } } } }
              issues(first: 20) { totalCount edges { issue: node { title bodyHTML
                comments(first: 10) { edges { comment: node { bodyHTML } } } } } } } } }
            followers(first: 10) { edges { follower: node { login } } } } }
    """)
    assert cost.nodes == 50 + 50 * 20 + 50 * 20 * 10 + 50 * 20 + 50 * 20 * 10 + 10 == 22_060


@pytest.mark.parametrize(("requests", "points"), [(0, 1), (1, 1), (149, 1), (150, 2), (249, 2), (250, 3), (5101, 51)])
def test_points_are_rounded_half_up_and_at_least_one(requests: int, points: int) -> None:
    assert Cost(nodes=0, requests=requests).points == points


def test_the_page_size_may_be_a_variable_or_its_default() -> None:
    query = "query($n: Int = 20) { viewer { repositories(first: $n) { nodes { issues(last: 5) { totalCount } } } } }"
    assert cost_of(query).requests == 1 + 20
    assert cost_of(query, {"n": 7}).requests == 1 + 7


def test_aliases_of_one_field_are_fetched_each() -> None:
    query = """{ a: organization(login: "x") { repositories(first: 3) { nodes { id } } }
                b: organization(login: "y") { repositories(first: 4) { nodes { id } } } }"""
    assert cost_of(query) == Cost(nodes=7, requests=2)


def test_a_field_that_two_fragments_spread_in_is_fetched_once() -> None:
    query = """
        query { viewer { ...A ...B ... on User { repositories(first: 10) { pageInfo { endCursor } } } } }
        fragment A on User { repositories(first: 10) { nodes { id issues(first: 2) { totalCount } } } }
        fragment B on User { repositories(first: 10) { nodes { name issues(first: 2) { nodes { id } } } } }
    """
    assert cost_of(query) == Cost(nodes=10 + 20, requests=1 + 10)


def test_fragments_may_hold_fragments() -> None:
    query = """
        query { viewer { ...A } }
        fragment A on User { repositories(first: 2) { nodes { ...B } } }
        fragment B on Repository { issues(first: 3) { nodes { id } } }
    """
    assert cost_of(query) == Cost(nodes=2 + 6, requests=1 + 2)


@pytest.mark.parametrize(
    ("directive", "requests"),
    [("@include(if: true)", 1), ("@include(if: false)", 0), ("@skip(if: $yes)", 0), ("@skip(if: false)", 1)],
)
def test_what_is_left_out_costs_nothing(directive: str, requests: int) -> None:
    query = f"query($yes: Boolean!) {{ viewer {{ repositories(first: 5) {directive} {{ totalCount }} }} }}"
    assert cost_of(query, {"yes": True}).requests == requests
    in_fragment = (
        f"query($yes: Boolean!) {{ viewer {{ ... {directive} {{ repositories(first: 5) {{ totalCount }} }} }} }}"
    )
    assert cost_of(in_fragment, {"yes": True}).requests == requests


def test_a_count_alone_has_no_page_to_fill() -> None:
    assert cost_of("{ viewer { repositories { totalCount } } }") == Cost(nodes=0, requests=0)


def test_nodes_by_id_are_as_many_parents() -> None:
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Repository { issues(first: 10) { nodes { id } } } } }"
    assert cost_of(query, {"ids": ["a", "b", "c"]}) == Cost(nodes=30, requests=3)


def test_only_the_operation_that_runs_is_priced() -> None:
    query = "query A { viewer { repositories(first: 9) { totalCount } } } query B { viewer { login } }"
    assert cost_of(query, operation="B") == Cost(nodes=0, requests=0)


@given(sizes=st.lists(st.integers(1, 100), min_size=1, max_size=6))
def test_each_level_asks_as_often_as_there_are_objects_above_it(sizes: list[int]) -> None:
    query, parents, nodes, requests = "id", 1, 0, 0
    for size in reversed(sizes):
        query = f"c(first: {size}) {{ nodes {{ {query} }} }}"
    for size in sizes:
        requests += parents
        parents *= size
        nodes += parents
    assert cost_of(f"{{ {query} }}") == Cost(nodes, requests)
