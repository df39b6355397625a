"""Renders docs/rooms.md: each module with its docstring's first sentence (`python -m config.rooms > docs/rooms.md`)."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("config", "webhooks", "stats", "github_cache", "ratelimit", "github_sandbox")
HEADER = """# Every module

Made from the first sentences of the modules themselves by `make docs`. *Pure* modules do no I/O.
"""


def render() -> str:
    """The text of docs/rooms.md."""
    return HEADER + "".join(f"\n## {floor}\n\n{_table(floor)}" for floor in FLOORS)


def _table(floor: str) -> str:
    return "| module | what it does |\n|---|---|\n" + "".join(_rows(floor))


def _rows(floor: str) -> Iterator[str]:
    for path in sorted((ROOT / floor).rglob("*.py")):
        docstring = ast.get_docstring(ast.parse(path.read_text()))
        if docstring and "migrations" not in path.parts:
            name = str(path.relative_to(ROOT / floor)).removesuffix("/__init__.py")
            yield f"| `{name}` | {_first_sentence(docstring)} |\n"


def _first_sentence(docstring: str) -> str:
    paragraph = " ".join(docstring.split("\n\n")[0].split())
    sentence = re.split(r"(?<=[.:])\s+(?=[A-Z`*])", paragraph)[0]
    return sentence.replace("|", "\\|").rstrip(":")


if __name__ == "__main__":
    sys.stdout.write(render())
