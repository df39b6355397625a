"""What every resolver knows of the query it serves, and the errors in which it may end."""

from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from github_sandbox.entities import Account
from github_sandbox.graphql.cost import Cost
from github_sandbox.world import World


class QueryRefused(GraphQLError):
    """An error with GitHub's `type`, such as NOT_FOUND, at the place in the query where it is raised."""

    def __init__(self, kind: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.kind = kind
        self.more = more


def not_found(message: str) -> QueryRefused:
    return QueryRefused("NOT_FOUND", message)


@dataclass(slots=True)
class Budget:
    """What is left for one query: objects in its connections, and bytes of file contents."""

    nodes: int
    blob_bytes: int


@dataclass(slots=True)
class Asking:
    """One query: the world it is put to, who puts it, what it costs, and how much it may still bring back."""

    world: World
    account: Account
    cost: Cost
    budget: Budget

    def spend_nodes(self, nodes: int) -> None:
        """Raises RESOURCE_LIMITS_EXCEEDED once the query has brought back too many objects."""
        self.budget.nodes -= nodes
        self._check()

    def spend_bytes(self, size: int) -> None:
        """Raises RESOURCE_LIMITS_EXCEEDED once the query has brought back too much text of files."""
        self.budget.blob_bytes -= size
        self._check()

    def _check(self) -> None:
        if self.budget.nodes < 0 or self.budget.blob_bytes < 0:
            raise QueryRefused("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded.")
