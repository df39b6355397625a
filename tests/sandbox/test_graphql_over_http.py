"""GraphQL as it goes over the wire: status, headers, what it costs, and what the ledger says of it."""

from typing import Any

import pytest

from github_sandbox.server import Handle
from tests.sandbox.conftest import Client


def post(ask: Client, query: str, **variables: Any) -> Any:
    return ask("POST", "/graphql", json={"query": query, "variables": variables})


def test_it_costs_what_the_documents_say(ask: Client, sandbox: Handle) -> None:
    query = """query($n: Int!) { rateLimit { cost remaining used resetAt }
        viewer { repositories(first: 100) { nodes { issues(first: $n) { nodes {
          labels(first: 60) { nodes { id } } } } } } } }"""
    answer = post(ask, query, n=50)
    assert answer.status_code == 200
    headers, shown = answer.headers, answer.json()["data"]["rateLimit"]
    assert headers["X-RateLimit-Resource"] == "graphql"
    assert shown["cost"] == 51
    assert (headers["X-RateLimit-Used"], headers["X-RateLimit-Remaining"]) == ("51", "4949")
    assert (shown["used"], shown["remaining"]) == (51, 4949)
    assert headers["X-GitHub-Media-Type"] == "github.v4; format=json"
    assert "ETag" not in headers
    assert sandbox.ledger.entries()[-1]["cost"] == 51


def test_both_paths_lead_to_it(ask: Client) -> None:
    body = {"query": "{ viewer { login } }"}
    answers = [ask("POST", path, json=body).json() for path in ("/graphql", "/api/graphql")]
    assert answers == [{"data": {"viewer": {"login": "octo-admin"}}}] * 2


def test_refusals_on_the_way_to_it(ask: Client) -> None:
    stranger = post(ask.as_(None), "{ viewer { login } }")
    assert stranger.status_code == 401
    assert stranger.json()["message"] == "This endpoint requires you to be authenticated."
    assert post(ask.as_("ghp_nonsense"), "{ viewer { login } }").json()["message"] == "Bad credentials"
    assert ask("POST", "/graphql", data="{").json()["message"] == "Problems parsing JSON"
    empty = ask("POST", "/graphql", json={})
    assert (empty.status_code, empty.json()["message"]) == (
        400,
        "A query attribute must be specified and must be a string.",
    )


def test_an_empty_bucket_is_a_200_that_is_a_refusal(ask: Client, sandbox: Handle) -> None:
    sandbox.world.limits.change(graphql=1)
    assert "data" in post(ask, "{ viewer { login } }").json()
    refused = post(ask, "{ viewer { login } }")
    assert refused.status_code == 200
    assert [error["type"] for error in refused.json()["errors"]] == ["RATE_LIMITED"]
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    sandbox.world.clock.move(3601)
    assert "data" in post(ask, "{ viewer { login } }").json()


@pytest.mark.parametrize(("query", "points"), [("{ viewer { login } }", 1), ("mutation { __typename }", 5)])
def test_a_mutation_weighs_five_points_a_minute(ask: Client, sandbox: Handle, query: str, points: int) -> None:
    post(ask, query)
    assert sandbox.ledger.entries()[-1]["points"] == points


def test_a_hiccup_befalls_graphql_alone(ask: Client, sandbox: Handle) -> None:
    sandbox.faults.add({"kind": "hiccup", "count": 1})
    assert ask("GET", "/user").status_code == 200
    failed = post(ask, "{ viewer { login } }")
    assert (failed.status_code, failed.json()["data"]) == (200, None)
    assert failed.json()["errors"][0]["message"].startswith("Something went wrong while executing your query")
    assert post(ask, "{ viewer { login } }").json() == {"data": {"viewer": {"login": "octo-admin"}}}
