"""`schema.graphql`, with the resolver of every field and the two scalars that are times.

A field without a resolver is an error when this is imported, so nothing in the schema is unserved.
"""

from pathlib import Path
from typing import Any

from graphql import GraphQLError, GraphQLObjectType, GraphQLScalarType, GraphQLSchema, build_schema

from github_sandbox.clock import parse_iso
from github_sandbox.graphql import (
    accounts,
    git_objects,
    labels,
    mutations,
    releases,
    repositories,
    roots,
    threads,
)
from github_sandbox.graphql.connections import CONNECTION, EDGE, PAGE_INFO
from github_sandbox.graphql.sources import Fields

SDL = Path(__file__).with_name("schema.graphql").read_text("utf-8")
_MODULES = (accounts, git_objects, labels, mutations, releases, repositories, roots, threads)


def _build() -> GraphQLSchema:
    schema = build_schema(SDL)
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            _attach(kind)
        elif isinstance(kind, GraphQLScalarType) and kind.name in ("DateTime", "GitTimestamp"):
            kind.coerce_input_value = _seconds
    return schema


def _attach(kind: GraphQLObjectType) -> None:
    resolvers = _inherited(kind.name)
    for module in _MODULES:
        resolvers |= module.FIELDS.get(kind.name, {})
    for name, field in kind.fields.items():
        if not kind.name.endswith("Payload"):
            field.resolve = resolvers[name]


def _inherited(name: str) -> Fields:
    if name.endswith("Connection"):
        return dict(CONNECTION)
    if name.endswith("Edge"):
        return dict(EDGE)
    return dict(PAGE_INFO) if name == "PageInfo" else {}


def _seconds(value: Any) -> float:
    """UNIX seconds of a time that a query gives."""
    try:
        return parse_iso(value)
    except (AttributeError, TypeError, ValueError):
        raise GraphQLError(f"{value!r} is not a time in ISO 8601, such as 2026-11-21T02:00:00Z") from None


SCHEMA = _build()
