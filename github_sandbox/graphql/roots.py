"""Where a query begins: `viewer`, `repository`, `organization`, `node`, `search`, `rateLimit`."""

from typing import Any

from graphql import GraphQLResolveInfo

from github_sandbox import searching
from github_sandbox.clock import iso
from github_sandbox.entities import Account, Repository
from github_sandbox.graphql.accounts import find_organization, find_repository, find_user
from github_sandbox.graphql.asking import Asking, QueryRefused
from github_sandbox.graphql.connections import Connection, Order, connection
from github_sandbox.graphql.nodes import find_nodes, unresolved
from github_sandbox.graphql.sources import Fields, Inside


def _viewer(_root: None, info: GraphQLResolveInfo) -> Account:
    account: Account = info.context.account
    if account.kind != "User":
        raise QueryRefused("FORBIDDEN", "Resource not accessible by integration")
    return account


def _repository(
    _root: None, info: GraphQLResolveInfo, owner: str, name: str, followRenames: bool | None = True
) -> Repository:
    return find_repository(info.context, owner, name, followRenames)


def _owner(_root: None, info: GraphQLResolveInfo, login: str) -> Account | None:
    found = info.context.world.account(login)
    return found if found and found.kind != "Bot" else None


def _node(_root: None, info: GraphQLResolveInfo, **arguments: Any) -> Any:
    return _nodes(None, info, ids=[arguments["id"]])[0]


def _nodes(_root: None, info: GraphQLResolveInfo, ids: list[str]) -> list[Any]:
    found = find_nodes(info.context, ids)
    missing = (unresolved(global_id) for global_id in ids)
    return [error if source is None else source for source, error in zip(found, missing, strict=True)]


# `query` and `type` are the schema's own names.
def _search(_root: None, info: GraphQLResolveInfo, query: str, type: str, **arguments: Any) -> Connection:
    """In the order in which REST lists the same search, which is not to be changed by an argument."""
    asking: Asking = info.context
    if type == "REPOSITORY":
        found: list[Any] = list(searching.repositories(asking.world, asking.account, query))
    else:
        found = [Inside(*pair) for pair in searching.issues(asking.world, asking.account, query)]
    ranks = {id(source): rank for rank, source in enumerate(found)}
    return connection(info, found, Order(lambda source: (ranks[id(source)],)), arguments)


def _rate_limit(field: str) -> Any:
    def resolve(_source: Any, info: GraphQLResolveInfo) -> Any:
        asking: Asking = info.context
        quota = asking.world.limits.graphql_state(asking.account, asking.world.clock.now())
        points = asking.cost.points
        return {
            "limit": quota.limit,
            "cost": points,
            "remaining": max(0, quota.remaining - points),
            "used": quota.used + points,
            "resetAt": iso(quota.reset),
            "nodeCount": asking.cost.nodes,
        }[field]

    return resolve


FIELDS: dict[str, Fields] = {
    "Query": {
        "viewer": _viewer,
        "repository": _repository,
        "organization": lambda root, info, login: find_organization(info.context, login),
        "user": lambda root, info, login: find_user(info.context, login),
        "repositoryOwner": _owner,
        "node": _node,
        "nodes": _nodes,
        "search": _search,
        "rateLimit": lambda root, info: info.context,
    },
    "RateLimit": {name: _rate_limit(name) for name in ("limit", "cost", "remaining", "used", "resetAt", "nodeCount")},
    "SearchResultItemConnection": {
        "issueCount": lambda found, info: sum(isinstance(it, Inside) for it in found.everything),
        "repositoryCount": lambda found, info: sum(isinstance(it, Repository) for it in found.everything),
    },
}
