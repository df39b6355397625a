"""GraphQL validation errors in the words and with the `extensions` of GitHub's server, for those that clients meet."""

import re
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
)

_WORDINGS = (
    (
        re.compile(r"Cannot query field '(?P<fieldName>\w+)' on type '(?P<typeName>\w+)'\."),
        "undefinedField",
        "Field '{fieldName}' doesn't exist on type '{typeName}'",
    ),
    (
        re.compile(r"Unknown argument '(?P<argumentName>\w+)' on field '\w+\.(?P<name>\w+)'\."),
        "argumentNotAccepted",
        "Field '{name}' doesn't accept argument '{argumentName}'",
    ),
    (
        re.compile(r"Field '(?P<fieldName>\w+)' of type '(?P<typeName>[^']+)' must have a selection of subfields.*"),
        "selectionMismatch",
        "Field must have selections (field '{fieldName}' returns {typeName} but has no selections.)",
    ),
    (
        re.compile(r"Variable '\$(?P<variableName>\w+)' is not defined.*"),
        "variableNotDefined",
        "Variable ${variableName} is used but not declared",
    ),
    (
        re.compile(r"Variable '\$(?P<variableName>\w+)' is never used.*"),
        "variableNotUsed",
        "Variable ${variableName} is declared but not used",
    ),
    (
        re.compile(r"Unknown fragment '(?P<fragmentName>\w+)'\."),
        "useAndDefineFragment",
        "Fragment {fragmentName} was used, but not defined",
    ),
)


def described(document: DocumentNode, error: GraphQLError) -> dict[str, Any]:
    """*error* as a JSON object: path through the query, extensions where known, locations, message."""
    shown: dict[str, Any] = {"path": _path(document, error.nodes[0])} if error.nodes else {}
    message = error.message
    for pattern, code, wording in _WORDINGS:
        if match := pattern.fullmatch(message):
            shown["extensions"] = {"code": code} | match.groupdict()
            message = wording.format(**match.groupdict())
            break
    return shown | located(error) | {"message": message}


def located(error: GraphQLError) -> dict[str, Any]:
    """Where in the query's text, and what."""
    locations = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    return ({"locations": locations} if locations else {}) | {"message": error.message}


def _path(here: Node, target: Node) -> list[str] | None:
    """The steps from *here* down to *target*, such as `["query", "viewer", "name"]`; None where it is not below."""
    step = [_step(here)] if _step(here) else []
    if here is target:
        return step
    for key in here.keys:
        below = getattr(here, key)
        for child in below if isinstance(below, list | tuple) else [below]:
            if isinstance(child, Node) and (rest := _path(child, target)) is not None:
                return step + rest
    return None


def _step(node: Node) -> str:
    if isinstance(node, OperationDefinitionNode):
        return node.operation.value + (f" {node.name.value}" if node.name else "")
    if isinstance(node, FragmentDefinitionNode):
        return f"fragment {node.name.value}"
    if isinstance(node, FieldNode):
        return (node.alias or node.name).value
    if isinstance(node, ArgumentNode):
        return node.name.value
    if isinstance(node, InlineFragmentNode):
        return f"... on {node.type_condition.name.value}" if node.type_condition else "..."
    return f"... {node.name.value}" if isinstance(node, FragmentSpreadNode) else ""
