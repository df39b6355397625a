"""Connections: pages between opaque cursors, as the Relay specification and GitHub's limits have them.

A cursor holds the sort key of the object it points at, so that objects which come and go between two pages
neither repeat nor hide others. Source: GitHub docs, "Using pagination in the GraphQL API".
"""

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, FragmentSpreadNode, GraphQLResolveInfo, InlineFragmentNode, SelectionSetNode

from github_sandbox.graphql.asking import QueryRefused
from github_sandbox.graphql.sources import Fields

MOST = 100
_PREFIX = "cursor:v2:"
_WITHOUT_PAGE = {"totalCount", "totalSize", "totalDiskUsage", "issueCount", "repositoryCount", "__typename"}
Key = Callable[[Any], tuple[Any, ...]]


def itself(item: Any) -> Any:
    return item


@dataclass(frozen=True, slots=True)
class Order:
    """By which key objects are sorted; its last part must tell any two of them apart."""

    key: Key
    falling: bool = False


def order_by(arguments: dict[str, Any], orders: dict[str, Key], default: Order) -> Order:
    """What the argument `orderBy` asks for."""
    wanted = arguments.get("orderBy")
    return Order(orders[wanted["field"]], wanted["direction"] == "DESC") if wanted else default


@dataclass(frozen=True, slots=True)
class Connection:
    """One page of `everything`; `node` turns what is listed into what its type's resolvers take."""

    everything: list[Any]
    total: int
    page: list[Any]
    has_next: bool
    has_previous: bool
    key: Key
    node: Callable[[Any], Any]


def connection(
    info: GraphQLResolveInfo,
    items: Iterable[Any],
    order: Order,
    arguments: dict[str, Any],
    node: Callable[[Any], Any] = itself,
    total: int | None = None,
) -> Connection:
    """The page of *items* that `first`/`after` or `last`/`before` among *arguments* ask for.

    *total*: how many there are where the world only knows their number. Raises `QueryRefused` for missing or
    excessive bounds, for both at once, for a cursor that is none, and when the query's budget is spent.
    """
    first, last = _bounds(info, arguments)
    rising = sorted(items, key=order.key)
    low, high = _between(rising, order, arguments.get("after"), arguments.get("before"))
    window = rising[low:high]
    if order.falling:
        window.reverse()
        low, high = len(rising) - high, len(rising) - low
    if first is not None:
        page, high = window[:first], min(high, low + first)
    elif last is not None:
        page = window[max(0, len(window) - last) :]
        low = high - len(page)
    else:
        page = []
    info.context.spend_nodes(len(page))
    number = len(rising) if total is None else total
    return Connection(rising, number, page, high < len(rising), low > 0, order.key, node)


def _bounds(info: GraphQLResolveInfo, arguments: dict[str, Any]) -> tuple[int | None, int | None]:
    first, last = arguments.get("first"), arguments.get("last")
    name = info.field_name
    if first is None and last is None and _asks_for_page(info):
        raise QueryRefused(
            "MISSING_PAGINATION_BOUNDARIES",
            f"You must provide a `first` or `last` value to properly paginate the `{name}` connection.",
        )
    if first is not None and last is not None:
        raise QueryRefused(
            "UNPROCESSABLE",
            f"Passing both `first` and `last` to paginate the `{name}` connection is not supported.",
        )
    for bound, value in (("first", first), ("last", last)):
        if value is not None and value < 0:
            raise QueryRefused("UNPROCESSABLE", f"`{bound}` on the `{name}` connection cannot be less than zero.")
        if value is not None and value > MOST:
            raise QueryRefused(
                "EXCESSIVE_PAGINATION",
                f"Requesting {value} records on the `{name}` connection exceeds the `{bound}` limit of {MOST} records.",
            )
    return first, last


def _asks_for_page(info: GraphQLResolveInfo) -> bool:
    """Whether more than the count of the connection is asked for."""
    return any(_selects_page(info, node.selection_set) for node in info.field_nodes)


def _selects_page(info: GraphQLResolveInfo, selection_set: SelectionSetNode | None) -> bool:
    for selection in selection_set.selections if selection_set else ():
        if isinstance(selection, FieldNode):
            found = selection.name.value not in _WITHOUT_PAGE
        elif isinstance(selection, FragmentSpreadNode):
            found = _selects_page(info, info.fragments[selection.name.value].selection_set)
        else:
            found = isinstance(selection, InlineFragmentNode) and _selects_page(info, selection.selection_set)
        if found:
            return True
    return False


def _between(rising: list[Any], order: Order, after: str | None, before: str | None) -> tuple[int, int]:
    """From where to where of *rising* the objects lie that come after *after* and before *before*."""
    low, high = 0, len(rising)
    beyond, until = (before, after) if order.falling else (after, before)
    if beyond is not None:
        low = _search(bisect_right, rising, order.key, beyond)
    if until is not None:
        high = _search(bisect_left, rising, order.key, until)
    return low, max(low, high)


def _search(bisect: Callable[..., int], rising: list[Any], key: Key, cursor: str) -> int:
    try:
        return bisect(rising, decode_cursor(cursor), key=key)
    except (TypeError, ValueError):
        raise QueryRefused("INVALID_CURSOR_ARGUMENTS", f"`{cursor}` does not appear to be a valid cursor.") from None


def encode_cursor(key: tuple[Any, ...]) -> str:
    return base64.b64encode((_PREFIX + json.dumps(key)).encode()).decode()


def decode_cursor(text: str) -> tuple[Any, ...]:
    """The sort key in a cursor; raises ValueError where it is none."""
    plain = base64.b64decode(text, validate=True).decode()
    parts = json.loads(plain.removeprefix(_PREFIX)) if plain.startswith(_PREFIX) else None
    if not isinstance(parts, list):
        raise ValueError("not a cursor")
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class Edge:
    connection: Connection
    item: Any


def _cursor_of(found: Connection, position: int) -> str | None:
    return encode_cursor(found.key(found.page[position])) if found.page else None


CONNECTION: Fields = {
    "totalCount": lambda found, info: found.total,
    "nodes": lambda found, info: [found.node(item) for item in found.page],
    "edges": lambda found, info: [Edge(found, item) for item in found.page],
    "pageInfo": lambda found, info: found,
    "totalSize": lambda found, info: sum(language.size for language in found.everything),
    "totalDiskUsage": lambda found, info: sum(repository.size for repository in found.everything),
}
EDGE: Fields = {
    "cursor": lambda edge, info: encode_cursor(edge.connection.key(edge.item)),
    "node": lambda edge, info: edge.connection.node(edge.item),
}
PAGE_INFO: Fields = {
    "startCursor": lambda found, info: _cursor_of(found, 0),
    "endCursor": lambda found, info: _cursor_of(found, -1),
    "hasNextPage": lambda found, info: found.has_next,
    "hasPreviousPage": lambda found, info: found.has_previous,
}
