"""What docs/requirements.md points to exists: files, tests, settings, fields, functions and paths of the API."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import get_resolver

from config.env import Env
from github_cache import service
from tests.docs.test_complete import routes, spelled
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


def part(title: str) -> str:
    """A part of the page."""
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def names(text: str, pattern: str) -> list[str]:
    """What stands in backquotes and matches, each once."""
    return sorted({name for name in re.findall(r"`([^`]+)`", text) if re.fullmatch(pattern, name)})


@pytest.mark.parametrize("name", names(part("Settings") + part("Keys and lifetimes"), r"[A-Z]+_[A-Z_]+"))
def test_the_setting_exists(name: str) -> None:
    assert name in Env.model_fields


@pytest.mark.parametrize("name", names(part("Functions").partition("`get_facets`")[0], r"[a-z_]+"))
def test_the_function_exists(name: str) -> None:
    asked_as = {"mget": "get_many", "del": "delete"}.get(name, name)
    assert any(hasattr(each, asked_as) for each in (service, service.CacheService, service.Batch))


@pytest.mark.parametrize(
    "row", re.findall(r"^\| (\w+): (.*?) \| (`\w+/models\.py`.*) \|$", part("Fields"), re.MULTILINE)
)
def test_the_fields_exist(row: tuple[str, str, str]) -> None:
    model, fields, _ = row
    (found,) = [each for each in apps.get_models() if each.__name__ == model]
    assert set(names(fields, r"\w+")) <= {
        field.attname for field in found._meta.get_fields() if hasattr(field, "attname")
    }


def test_the_paths_exist() -> None:
    known = {spelled(route) for route in routes(get_resolver())}
    asked = set(re.findall(r"[` ](/(?:api|health|metrics)[\w/{}.-]*)", part("Endpoints")))
    assert len(asked) > 20
    assert asked <= known
