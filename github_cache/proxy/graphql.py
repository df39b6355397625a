"""What a GraphQL request wants (pure): a query that may be cached and whose scope it is, a mutation, or neither.

A query is normalised by printing its parsed document, so that spaces, commas and comments make no difference. It
belongs to a repository or an organisation if that is all that its roots name; every other one belongs to the tenant.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    parse,
    print_ast,
)

from github_cache.proxy import node_ids
from github_cache.upstream import paths
from github_cache.upstream.errors import BadCall

MAX_DOCUMENT = 512 * 1024
MAX_TOKENS = 20_000
REMEMBERED_UP_TO = 16 * 1024
"""Characters of a query that is not parsed again each time; longer ones are rare, and their trees large."""

# Tells the state of limits, which is never the same twice; as a root, also by way of a fragment.
_LIVE = re.compile(r"\brateLimit\b")
# A keyword cannot be spelt otherwise: a document without it changes nothing, whoever reads it.
_MUTATION = re.compile(r"\bmutation\b")
# The root `viewer`, and fields like `viewerCanUpdate` and `isViewer`, but not `requestedReviewer`.
_VIEWER = re.compile(r"\bviewer|Viewer")


class Wish(StrEnum):
    """What is to be done with a request."""

    QUERY = "query"
    MUTATION = "mutation"
    AS_IS = "as_is"


@dataclass(frozen=True, slots=True)
class Request:
    """A request read. `scope` holds `owner` and `repo`, or `org`, where those are all that a query's roots name;
    `viewer` is True where it asks about the user who asks."""

    wish: Wish
    document: str
    variables: str = "{}"
    operation: str = ""
    scope: Mapping[str, str] | None = None
    viewer: bool = False


class Unreadable(ValueError):
    """The request's body is no GraphQL request; the message says why."""


def read(body: bytes) -> Request:
    """What the JSON body of a POST wants. Raises Unreadable."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable("Problems parsing JSON") from error
    if not isinstance(told, dict) or not isinstance(told.get("query"), str):
        raise Unreadable("A query attribute must be specified and must be a string.")
    document, variables, operation = told["query"], told.get("variables") or {}, told.get("operationName") or ""
    if isinstance(variables, str):
        # GitHub takes variables as JSON text too.
        try:
            variables = orjson.loads(variables)
        except orjson.JSONDecodeError as error:
            raise Unreadable("Variables must be a JSON object") from error
    if not isinstance(variables, dict) or not isinstance(operation, str):
        raise Unreadable("Variables must be a JSON object and operationName a string")
    if len(document) > MAX_DOCUMENT:
        raise Unreadable(f"A query may have {MAX_DOCUMENT} characters")
    try:
        parsed = (_parsed if len(document) <= REMEMBERED_UP_TO else _parsed.__wrapped__)(document)
    except (GraphQLSyntaxError, RecursionError):
        return _as_it_came(document, variables, operation)
    chosen = _chosen(parsed.operations, operation)
    if chosen is None or chosen.operation is OperationType.SUBSCRIPTION:
        return _as_it_came(document, variables, operation)
    if chosen.operation is OperationType.MUTATION:
        return Request(Wish.MUTATION, document, _canonical(variables), operation)
    roots = _roots(chosen.selection_set)
    return Request(
        Wish.AS_IS if _LIVE.search(parsed.text) else Wish.QUERY,
        parsed.text,
        _canonical(variables),
        operation,
        _scope(roots, variables) if roots is not None else None,
        _VIEWER.search(parsed.text) is not None,
    )


def _as_it_came(document: str, variables: Mapping[str, Any], operation: str) -> Request:
    """For GitHub to complain about in its own words. It may read what we cannot: what could be a mutation is one."""
    wish = Wish.MUTATION if _MUTATION.search(document) else Wish.AS_IS
    return Request(wish, document, _canonical(variables), operation)


@dataclass(frozen=True, slots=True)
class _Parsed:
    text: str
    operations: tuple[OperationDefinitionNode, ...]


@lru_cache(maxsize=512)
def _parsed(document: str) -> _Parsed:
    tree: DocumentNode = parse(document, no_location=True, max_tokens=MAX_TOKENS)
    operations = tuple(node for node in tree.definitions if isinstance(node, OperationDefinitionNode))
    return _Parsed(print_ast(tree), operations)


def _canonical(variables: Mapping[str, Any]) -> str:
    try:
        return orjson.dumps(variables, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError as error:
        # They can be nested deeper to be read than to be written.
        raise Unreadable("Variables are nested too deeply") from error


def _chosen(operations: tuple[OperationDefinitionNode, ...], name: str) -> OperationDefinitionNode | None:
    if not name:
        return operations[0] if len(operations) == 1 else None
    return next((node for node in operations if node.name and node.name.value == name), None)


def _roots(selections: SelectionSetNode) -> list[FieldNode] | None:
    """The root fields, or None where a fragment hides some."""
    fields = [node for node in selections.selections if isinstance(node, FieldNode)]
    return fields if len(fields) == len(selections.selections) else None


def _scope(roots: Iterable[FieldNode], variables: Mapping[str, Any]) -> Mapping[str, str] | None:
    named = {_named(root, variables) for root in roots if root.name.value != "__typename"}
    if len(named) != 1:
        return None
    (only,) = named
    return dict(only) if only else None


def _named(root: FieldNode, variables: Mapping[str, Any]) -> tuple[tuple[str, str], ...] | None:
    """What a root field names, None where it is neither a repository nor an organisation, or no sound name."""
    given = {argument.name.value: _text(argument.value, variables) for argument in root.arguments or ()}
    try:
        if root.name.value == "repository":
            owner, name = paths.owner(given.get("owner") or ""), paths.repository(given.get("name") or "")
            return ("owner", owner.lower()), ("repo", name.lower())
        if root.name.value == "organization":
            return (("org", paths.owner(given.get("login") or "").lower()),)
    except BadCall:
        return None
    return None


def _text(node: ValueNode, variables: Mapping[str, Any]) -> str | None:
    if isinstance(node, StringValueNode):
        return node.value
    if isinstance(node, VariableNode):
        value = variables.get(node.name.value)
        return value if isinstance(value, str) else None
    return None


_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')


def repositories_touched(request: Request) -> frozenset[int] | None:
    """The IDs of the repositories that a mutation writes to, where the node IDs in its input tell all of them.

    None where they don't: then anything of the tenant's may have changed.
    """
    given = [*_strings(orjson.loads(request.variables)), *_LITERAL.findall(request.document)]
    owners = [node_ids.repository(text) for text in given if node_ids.is_node_id(text)]
    told = frozenset(owner for owner in owners if owner is not None)
    return told if owners and None not in owners else None


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
