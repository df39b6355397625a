"""From the body of a `POST /graphql` to its answer: parse, validate, price, execute, and errors as GitHub words them.

Source: GitHub docs, "Forming calls with GraphQL" and "Rate limits and query limits for the GraphQL API"; the shapes
of the errors are those that clients are known to look for.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)

from github_sandbox.clock import iso
from github_sandbox.entities import Account
from github_sandbox.graphql.asking import Asking, Budget, QueryRefused
from github_sandbox.graphql.cost import Cost, price
from github_sandbox.graphql.schema import SCHEMA
from github_sandbox.graphql.sources import resolve_type
from github_sandbox.graphql.validation import described, located
from github_sandbox.world import World

MOST_NODES = 500_000
_DOCS = "https://docs.github.com/graphql/guides/forming-calls-with-graphql"
_NOT_A_STRING = "A query attribute must be specified and must be a string."
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class GraphQLResult:
    """An HTTP status with the JSON body, and the points that the call costs of the hourly quota."""

    status: int
    body: Json
    cost: int


@dataclass(frozen=True, slots=True)
class _Checked:
    """A parsed query; `errors` says what is wrong with it."""

    document: DocumentNode | None
    errors: tuple[Json, ...]


def execute(world: World, account: Account | None, body: Json) -> GraphQLResult:
    """Answer *body* (`query`, and maybe `variables` and `operationName`) as *account* would be answered.

    The caller holds the world's lock, and charges the cost afterwards: `rateLimit` shows the quota as if it
    already had. Refusals by rate limits are the caller's.
    """
    if account is None:
        return _refused(401, "This endpoint requires you to be authenticated.")
    query, variables = body.get("query"), body.get("variables")
    if not isinstance(query, str) or not query.strip():
        return _refused(400, _NOT_A_STRING)
    if variables is not None and not isinstance(variables, dict):
        return _refused(400, "Variables must be a JSON object.")
    checked = _check(query)
    if checked.document is None or checked.errors:
        return GraphQLResult(200, {"errors": list(checked.errors)}, 1)
    operation = get_operation_ast(checked.document, body.get("operationName"))
    if operation is None:
        return GraphQLResult(200, {"errors": [_operation_error(body.get("operationName"))]}, 1)
    return _run(world, account, checked.document, operation, variables or {})


def hiccup(now: float, request_id: str) -> GraphQLResult:
    """The answer GitHub gives when a query fails on its side for no fault of the client's: HTTP 200 without data."""
    message = (
        f"Something went wrong while executing your query on {iso(now)}. "
        f"Please include `{request_id}` when reporting this issue."
    )
    return GraphQLResult(200, {"data": None, "errors": [{"message": message}]}, 1)


def _run(
    world: World, account: Account, document: DocumentNode, operation: OperationDefinitionNode, variables: Json
) -> GraphQLResult:
    cost = price(document, operation, variables)
    if cost.nodes > MOST_NODES:
        return GraphQLResult(200, {"errors": [_too_many_nodes(cost)]}, cost.points)
    figures = world.limits.limits
    asking = Asking(world, account, cost, Budget(figures.graphql_result_nodes, figures.graphql_blob_bytes))
    result = execute_sync(
        SCHEMA,
        document,
        context_value=asking,
        variable_values=variables,
        operation_name=operation.name.value if operation.name else None,
        type_resolver=resolve_type,
    )
    if result.data is None and result.errors and all(error.path is None for error in result.errors):
        return GraphQLResult(200, {"errors": [_runtime_error(error) for error in result.errors]}, cost.points)
    body: Json = {"data": result.data}
    if result.errors:
        body["errors"] = [_runtime_error(error) for error in result.errors]
    return GraphQLResult(200, body, cost.points)


@lru_cache(maxsize=256)
def _check(query: str) -> _Checked:
    """Parsed and validated; kept, since clients send the same few queries over and over."""
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        return _Checked(None, (located(error),))
    errors = validate(SCHEMA, document, hide_suggestions=True)
    return _Checked(document, tuple(described(document, error) for error in errors))


def _runtime_error(error: GraphQLError) -> Json:
    """`type`, `path`, `locations`, `message`: GitHub has the type beside the message, not in `extensions`."""
    cause = error.original_error
    shown: Json = {}
    if isinstance(cause, QueryRefused):
        shown["type"] = cause.kind
    elif cause is not None and not isinstance(cause, GraphQLError):
        raise cause
    if error.path:
        shown["path"] = list(error.path)
    return shown | located(error)


def _too_many_nodes(cost: Cost) -> Json:
    message = (
        f"This query requests up to {cost.nodes:,} possible nodes which exceeds the maximum limit of {MOST_NODES:,}."
    )
    return {"type": "MAX_NODE_LIMIT_EXCEEDED", "message": message}


def _operation_error(name: Any) -> Json:
    return {"message": f'No operation named "{name}"' if name else "An operation name is required"}


def _refused(status: int, message: str) -> GraphQLResult:
    return GraphQLResult(status, {"message": message, "documentation_url": _DOCS}, 1)
