"""What a query will cost is known before it is sent: the same figure that the sandbox charges, by its own reckoning."""

import pytest

from github_cache.upstream import graphql
from github_cache.upstream.errors import TooMuch
from github_cache.upstream.graphql_answers import GraphqlAnswer
from github_cache.upstream.graphql_cost import Cost, predict
from github_cache.upstream.graphql_documents import Part, Query, batch, named
from github_sandbox.server import Handle
from ratelimit.budget import Lane
from ratelimit.verdict import Wait

from .conftest import ORG

DOCUMENTED = """
query {
  viewer {
    repositories(first: 100) {
      edges { repository: node { name issues(first: 50) {
        totalCount edges { node { title bodyHTML labels(first: 60) { totalCount edges { node { name } } } } }
      } } }
    }
  }
}
"""


def test_the_example_of_githubs_documentation() -> None:
    cost = predict(DOCUMENTED, {})
    assert cost.requests == 1 + 100 + 5000 == 5101
    assert cost.points == 51
    assert cost.nodes == 100 + 100 * 50 + 5000 * 60


def test_variables_fragments_and_inline_fragments() -> None:
    document = """
    query Q($n: Int!) { organization(login: "a") { ...Page ... on Organization { teams(last: 5) { nodes { id } } } } }
    fragment Page on Organization { repositories(first: $n) { nodes { labels(first: 10) { nodes { id } } } } }
    """
    assert predict(document, {"n": 20}) == Cost(nodes=20 + 200 + 5, requests=1 + 20 + 1)


@pytest.mark.parametrize(("requests", "points"), [(0, 1), (1, 1), (149, 1), (150, 2), (249, 2), (5101, 51)])
def test_rounding(requests: int, points: int) -> None:
    assert Cost(0, requests).points == points


def test_counting_costs_nothing() -> None:
    assert predict('{ repository(owner: "a", name: "b") { issues(states: [OPEN]) { totalCount } } }', {}) == Cost()


@pytest.mark.parametrize("document", ["", "{", "query A { a } query B { b }", "fragment F on T { a }"])
def test_a_document_that_cannot_be_priced(document: str) -> None:
    with pytest.raises(ValueError, match="GraphQL document"):
        predict(document, {})


def issues(count: int, size: int) -> Query:
    selection = "issues(first: $n, states: [OPEN]) { nodes { ...IssueFields } }"
    return batch("issues", [Part(ORG, "amber-api", selection, (("n", "Int!", size),)) for _ in range(count)])


QUERIES = [
    named("organization_repositories", {"login": ORG, "first": 100, "after": None}),
    named("organization_repositories", {"login": ORG, "first": 7, "after": None}),
    issues(1, 100),
    issues(40, 12),
    batch("labels", [Part(ORG, "amber-api", "labels(first: 100) { nodes { ...LabelFields } }")] * 160),
    batch("repository", [Part(ORG, "amber-api", "...RepositoryFields ...LanguageFields")] * 90),
    batch("automations", [Part(ORG, "amber-api", "...AutomationFields")] * 25),
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: f"{query.name} {len(query.variables)}")
def test_the_prediction_is_what_is_charged(sandbox: Handle, query: Query) -> None:
    answer = graphql.run(query, tenant="default", lane=Lane.INTERACTIVE)
    assert isinstance(answer, GraphqlAnswer)
    assert answer.problems == ()
    predicted = predict(query.document, query.variables)
    assert sandbox.ledger.entries()[-1]["cost"] == answer.cost == predicted.points


def test_a_query_that_is_too_large_is_not_sent(sandbox: Handle) -> None:
    selection = "issues(first: 100) { nodes { comments(first: 100) { nodes { id } } } }"
    with pytest.raises(TooMuch, match="allows 500000"):
        graphql.run(batch("x", [Part(ORG, "api", selection)] * 60), tenant="default", lane=Lane.INTERACTIVE)
    assert sandbox.ledger.entries() == []


def test_a_query_that_the_quota_does_not_allow_is_not_sent(sandbox: Handle) -> None:
    assert isinstance(graphql.run(issues(1, 100), tenant="default", lane=Lane.INTERACTIVE), GraphqlAnswer)
    sandbox.world.limits.change(graphql=12)
    graphql.run(issues(1, 100), tenant="default", lane=Lane.INTERACTIVE)
    before = len(sandbox.ledger.entries())
    assert isinstance(graphql.run(issues(20, 100), tenant="default", lane=Lane.INTERACTIVE), Wait)
    assert len(sandbox.ledger.entries()) == before
