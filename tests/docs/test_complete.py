"""What the docs name is there, and what is there the docs name: settings, paths, metrics, commands, links."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import URLPattern, URLResolver, get_resolver

from config import docs
from config.env import Env

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
TEXT = "\n".join(page.read_text() for page in PAGES)
OWN_APPS = ("config", "github_cache", "ratelimit", "stats", "webhooks")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")


def routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        elif not route.startswith("admin/"):
            yield from routes(pattern, route)


def spelled(route: str) -> str:
    """A route as the docs write it: /api/v1/github/{owner}/{repo}/info."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", docs.pages(), ids=lambda path: path.name)
def test_what_is_made_from_the_code_is_up_to_date(path: Path) -> None:
    assert path.read_text() == docs.pages()[path], "run `make docs`"


@pytest.mark.parametrize("name", Env.model_fields)
def test_every_setting_is_named(name: str) -> None:
    assert f"`{name}`" in TEXT


@pytest.mark.parametrize(
    "route", sorted(spelled(route) for route in routes(get_resolver()) if not route.startswith("^")), ids=str
)
def test_every_path_is_named(route: str) -> None:
    assert f"{route}`" in TEXT or f"{route}?" in TEXT


def test_every_metric_is_named() -> None:
    for table in docs.tables().values():
        for metric in docs.metrics_of(table):
            assert f"`{docs.name_of(metric)}`" in TEXT


@pytest.mark.parametrize("command", sorted(name for name, app in get_commands().items() if app in OWN_APPS))
def test_every_command_is_named(command: str) -> None:
    assert f"manage.py {command}" in TEXT


def test_commands_that_are_named_exist() -> None:
    named = set(re.findall(r"manage\.py ([a-z_]+)", TEXT))
    assert named <= set(get_commands())


def test_settings_that_are_named_exist() -> None:
    """Of our own names; a trailing … or * stands for several."""
    named = set(re.findall(r"`(HUBCACHE_[A-Z_]+[A-Z])(?:=[^`]*)?`", TEXT)) - {"HUBCACHE_KEY"}
    assert named <= set(Env.model_fields)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


def test_files_that_are_named_exist() -> None:
    """In backquotes, with a folder and an ending: `config/env.py`."""
    for name in _CODE.findall(TEXT):
        if re.fullmatch(
            r"(?:config|github_cache|ratelimit|stats|webhooks|tests|deploy|benchmarks)/[\w/.-]+\.\w+", name
        ):
            assert (ROOT / name).exists(), name
