"""What a GraphQL document costs, computed from its text and variables before anything is executed.

GitHub counts, for every connection, how many times it would have to be asked to fill all its parents; the sum,
divided by 100 and rounded, is the number of points, at least 1. A connection's possible nodes are that number of
requests times its page size. Source: GitHub docs, "Rate limits and query limits for the GraphQL API".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    value_from_ast_untyped,
)

REQUESTS_PER_POINT = 100
LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Cost:
    """`nodes` that could come back at most, `requests` to fill the connections, and the `points` charged."""

    nodes: int
    requests: int

    @property
    def points(self) -> int:
        """Points of the hourly GraphQL quota: requests / 100, rounded half up, at least 1."""
        return max(1, (self.requests + REQUESTS_PER_POINT // 2) // REQUESTS_PER_POINT)


def price(document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Cost:
    """The cost of one operation of a valid document.

    `variables` are the values as the client sent them; defaults of the operation are filled in here. A connection
    without `first` and `last` (one that is asked for its `totalCount` only) has no page to fill and costs nothing.
    """
    defaults = {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    return _Pricing(fragments, {**defaults, **variables}).of([operation.selection_set], parents=1)


@dataclass(frozen=True, slots=True)
class _Pricing:
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: dict[str, Any]

    def of(self, selection_sets: list[SelectionSetNode], parents: int) -> Cost:
        """Everything below `parents` objects; the same field spread in by two fragments is fetched once."""
        merged: dict[tuple[str, int | None], tuple[FieldNode, list[SelectionSetNode]]] = {}
        seen: set[str] = set()
        for selection_set in selection_sets:
            for field in self._fields(selection_set, seen):
                key = (field.alias or field.name).value, self._page_size(field)
                _, below = merged.setdefault(key, (field, []))
                if field.selection_set is not None:
                    below.append(field.selection_set)
        nodes = requests = 0
        for (_, page_size), (field, below) in merged.items():
            children = parents * self._listed(field)
            if page_size is not None:
                requests += parents
                children = parents * page_size
                nodes += children
            if below:
                inner = self.of(below, children)
                nodes += inner.nodes
                requests += inner.requests
        return Cost(nodes, requests)

    def _fields(self, selection_set: SelectionSetNode, seen: set[str]) -> Iterator[FieldNode]:
        for selection in selection_set.selections:
            if not self._included(selection):
                continue
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, InlineFragmentNode):
                yield from self._fields(selection.selection_set, seen)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                yield from self._fields(self.fragments[selection.name.value].selection_set, seen)

    def _included(self, selection: SelectionNode) -> bool:
        return all(self._lets_through(directive) for directive in selection.directives or ())

    def _lets_through(self, directive: DirectiveNode) -> bool:
        if directive.name.value not in {"skip", "include"}:
            return True
        return bool(self._argument(directive, "if")) == (directive.name.value == "include")

    def _argument(self, node: FieldNode | DirectiveNode, name: str) -> Any:
        for argument in node.arguments or ():
            if argument.name.value == name:
                return value_from_ast_untyped(argument.value, self.variables)
        return None

    def _page_size(self, field: FieldNode) -> int | None:
        """The page that `first` or `last` asks for; what lies outside 1 to 100 is refused when it is executed."""
        for name in ("first", "last"):
            size = self._argument(field, name)
            if isinstance(size, int):
                return min(max(size, 0), LARGEST_PAGE)
        return None

    def _listed(self, field: FieldNode) -> int:
        """How many objects a plain field stands for: `nodes(ids:)` gives one per ID, every other field one."""
        ids = self._argument(field, "ids")
        return len(ids) if isinstance(ids, list) else 1
