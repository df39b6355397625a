"""For the GraphQL tests: a small sample organisation, and questions put to it as one of its people."""

from dataclasses import dataclass
from typing import Any

from github_sandbox.clock import Clock
from github_sandbox.entities import Account
from github_sandbox.graphql.execution import GraphQLResult, execute
from github_sandbox.sample import SampleSize, make_world
from github_sandbox.sample.organization import ANCHOR
from github_sandbox.world import World

ORG = "octo-sample"


@dataclass(frozen=True, slots=True)
class Asker:
    """Someone who puts questions to a world."""

    world: World
    account: Account

    def result(self, query: str, **variables: Any) -> GraphQLResult:
        return execute(self.world, self.account, {"query": query, "variables": variables})

    def data(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        result = self.result(query, **variables)
        assert result.status == 200
        assert "errors" not in result.body, result.body["errors"]
        data: dict[str, Any] = result.body["data"]
        return data

    def errors(self, query: str, **variables: Any) -> list[dict[str, Any]]:
        errors: list[dict[str, Any]] = self.result(query, **variables).body["errors"]
        return errors


def small_world(repositories: int = 12, automations: int = 40, issues: int = 7) -> World:
    return make_world(SampleSize(repositories, automations, issues), Clock(ANCHOR))


def asker(world: World, login: str) -> Asker:
    account = world.account(login)
    assert account is not None
    return Asker(world, account)


def pages(ask: Asker, query: str, *path: str, **variables: Any) -> list[Any]:
    """All nodes of the connection at *path*, page by page; the query takes `$after`."""
    nodes: list[Any] = []
    after = None
    for _ in range(100):
        found: Any = ask.data(query, after=after, **variables)
        for step in path:
            found = found[step]
        nodes += found["nodes"]
        if not found["pageInfo"]["hasNextPage"]:
            return nodes
        after = found["pageInfo"]["endCursor"]
    raise AssertionError("the pages do not end")
