"""The sandbox's schema is a part of GitHub's own: nothing in it is invented."""

from pathlib import Path

import pytest
from graphql import DocumentNode, TypeDefinitionNode, parse, print_ast, validate_schema
from graphql.language import ast

from github_sandbox.graphql.schema import SCHEMA, SDL


def spelled(definition: ast.FieldDefinitionNode | ast.InputValueDefinitionNode) -> dict[str, str]:
    """Every statement that a field makes, argument by argument."""
    said = {"": print_ast(definition.type)}
    for argument in getattr(definition, "arguments", ()) or ():
        default = print_ast(argument.default_value) if argument.default_value else ""
        said[f"({argument.name.value})"] = f"{print_ast(argument.type)} = {default}"
    return said


def statements(document: DocumentNode) -> set[str]:
    """All that a schema says, each as one line such as `Repository.issues(first): Int`."""
    lines: set[str] = set()
    for definition in document.definitions:
        if not isinstance(definition, TypeDefinitionNode):
            continue
        name = definition.name.value
        lines.add(f"{definition.kind} {name}")
        lines |= {f"{name} implements {i.name.value}" for i in getattr(definition, "interfaces", ()) or ()}
        lines |= {f"{name} may be {t.name.value}" for t in getattr(definition, "types", ()) or ()}
        lines |= {f"{name} has value {v.name.value}" for v in getattr(definition, "values", ()) or ()}
        for field in getattr(definition, "fields", ()) or ():
            lines |= {f"{name}.{field.name.value}{part}: {text}" for part, text in spelled(field).items()}
    return lines


@pytest.fixture(scope="module")
def githubs_own(test_data: Path) -> set[str]:
    text = (test_data / "github" / "schema.graphql").read_text("utf-8")
    return statements(parse(text, no_location=True))


def test_everything_stands_in_githubs_own_schema(githubs_own: set[str]) -> None:
    ours = statements(parse(SDL))
    assert len(ours) > 700
    assert sorted(ours - githubs_own) == []


def test_a_field_that_github_does_not_have_would_be_found(githubs_own: set[str]) -> None:
    invented = statements(parse("type Repository { name: String, starCount: Int! }"))
    assert sorted(invented - githubs_own) == ["Repository.name: String", "Repository.starCount: Int!"]


def test_it_is_a_valid_schema() -> None:
    assert validate_schema(SCHEMA) == []
