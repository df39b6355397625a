"""GraphQL documents out of the files in queries/ (pure but for reading those files once).

A batch asks many repositories in one query, each under an alias, by variables for owner and name: nothing that a caller
typed becomes part of a document.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "queries"
_SPREAD = re.compile(r"\.\.\.\s*([A-Z]\w*)")
_RATE_LIMIT = "rateLimit { cost limit remaining used resetAt }"


@dataclass(frozen=True, slots=True)
class Query:
    """A document with its variables. `name` tells queries apart in metrics and memories of page sizes."""

    name: str
    document: str
    variables: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """What is asked of one repository in a batch: its names, a selection, and the values of that selection's
    variables as (name, GraphQL type, value), which are made the repository's own."""

    owner: str
    name: str
    selection: str
    variables: tuple[tuple[str, str, Any], ...] = ()


def named(file: str, variables: dict[str, Any]) -> Query:
    """The query in `queries/FILE.graphql` with the fragments that it spreads."""
    return Query(file, _with_fragments(_text(file)), variables)


def batch(name: str, parts: Sequence[Part]) -> Query:
    """One query for many repositories; the answer has them as `r0`, `r1`, … in the order of `parts`."""
    declared, fields = [], []
    variables: dict[str, Any] = {}
    for index, part in enumerate(parts):
        own = (("owner", "String!", part.owner), ("name", "String!", part.name), *part.variables)
        for variable, kind, value in own:
            declared.append(f"${variable}{index}: {kind}")
            variables[f"{variable}{index}"] = value
        selection = re.sub(r"\$(\w+)", rf"$\g<1>{index}", part.selection)
        fields.append(f"r{index}: repository(owner: $owner{index}, name: $name{index}) {{ {selection} }}")
    operation = f"query Batch({', '.join(declared)}) {{ {_RATE_LIMIT} {' '.join(fields)} }}"
    return Query(name, _with_fragments(operation), variables)


def _with_fragments(text: str) -> str:
    """The text and every fragment that it spreads, directly or not."""
    parts, wanted, seen = [text], _SPREAD.findall(text), set[str]()
    while wanted:
        fragment = wanted.pop()
        if fragment not in seen:
            seen.add(fragment)
            parts.append(_text(_file_of(fragment)))
            wanted += _SPREAD.findall(parts[-1])
    return "\n".join(parts)


def _file_of(fragment: str) -> str:
    """`RepositoryFields` stands in `repository_fields.graphql`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", fragment).lower()


@cache
def _text(file: str) -> str:
    return (_FOLDER / f"{file}.graphql").read_text(encoding="utf-8")
