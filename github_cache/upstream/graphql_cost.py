"""What a GraphQL query will cost, before it is sent (pure).

GitHub adds up, over all connections, how often each would have to be asked to fill it for all its parents; the sum
divided by 100 and rounded is the number of points, at least 1. The objects that may come back are counted likewise, and
may be 500,000. Source: docs.github.com, "Rate limits and query limits for the GraphQL API".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import graphql

MOST_NODES = 500_000
REQUESTS_PER_POINT = 100


@dataclass(frozen=True, slots=True)
class Cost:
    """Objects that may come back, and requests to fill all connections."""

    nodes: int = 0
    requests: int = 0

    @property
    def points(self) -> int:
        """What GitHub charges."""
        return max(1, int(self.requests / REQUESTS_PER_POINT + 0.5))


def predict(document: str, variables: Mapping[str, Any]) -> Cost:
    """The cost of the one operation of a document. Raises ValueError for a document that cannot be read."""
    try:
        parsed = graphql.parse(document, no_location=True)
    except graphql.GraphQLSyntaxError as error:
        raise ValueError(f"the GraphQL document cannot be read: {error.message}") from None
    fragments: dict[str, graphql.SelectionSetNode] = {}
    operations = []
    for definition in parsed.definitions:
        if isinstance(definition, graphql.FragmentDefinitionNode):
            fragments[definition.name.value] = definition.selection_set
        elif isinstance(definition, graphql.OperationDefinitionNode):
            operations.append(definition.selection_set)
    if len(operations) != 1:
        raise ValueError(f"a GraphQL document with {len(operations)} operations; it has to be one")
    return _below(operations[0], 1, fragments, variables)


def _below(
    selected: graphql.SelectionSetNode,
    parents: int,
    fragments: Mapping[str, graphql.SelectionSetNode],
    variables: Mapping[str, Any],
) -> Cost:
    """The cost of everything below `parents` objects."""
    nodes = requests = 0
    for field in _fields(selected, fragments):
        page = _page(field, variables)
        if page is not None:
            requests += parents
            nodes += parents * page
        if field.selection_set is not None:
            inside = _below(field.selection_set, parents * (1 if page is None else page), fragments, variables)
            nodes, requests = nodes + inside.nodes, requests + inside.requests
    return Cost(nodes, requests)


def _fields(
    selected: graphql.SelectionSetNode, fragments: Mapping[str, graphql.SelectionSetNode]
) -> Iterator[graphql.FieldNode]:
    for selection in selected.selections:
        if isinstance(selection, graphql.FieldNode):
            yield selection
        elif isinstance(selection, graphql.InlineFragmentNode):
            yield from _fields(selection.selection_set, fragments)
        elif isinstance(selection, graphql.FragmentSpreadNode):
            yield from _fields(fragments[selection.name.value], fragments)


def _page(field: graphql.FieldNode, variables: Mapping[str, Any]) -> int | None:
    """The page that a connection is asked for; None for a field that is no connection, or only counted."""
    for argument in field.arguments or ():
        if argument.name.value in ("first", "last"):
            size = graphql.value_from_ast_untyped(argument.value, dict(variables))
            return size if isinstance(size, int) else None
    return None
