"""Both of GitHub's APIs give the same values, field by field; over real HTTP against the sandbox."""

from collections.abc import Callable
from typing import Any

import pytest

from github_cache.keys import Scope
from github_cache.upstream import fetching
from github_cache.upstream.errors import Gone
from github_cache.upstream.fetched import AutomationFiles, Fetched, RepositoryPage
from github_sandbox import changes
from github_sandbox.entities import Repository
from github_sandbox.server import Handle
from ratelimit.budget import Lane

from .conftest import ORG

Flags = Callable[..., None]
LISTS = [
    ("repository", {}),
    ("languages", {}),
    ("labels", {}),
    ("issues", {}),
    ("issues", {"state": "all"}),
    ("issues", {"state": "closed", "page": "1", "per_page": "2"}),
    ("issues", {"state": "all", "page": "2", "per_page": "2"}),
    ("issues", {"state": "all", "labels": "bug"}),
    ("issues", {"state": "all", "since": "2025-11-01T00:00:00Z"}),
    ("pulls", {"state": "open"}),
    ("pulls", {"state": "all"}),
    ("pulls", {"state": "all", "page": "2", "per_page": "1"}),
]


def fetched(resource: str, params: dict[str, str]) -> Fetched:
    found = fetching.fetch(resource, params, tenant="default", lane=Lane.INTERACTIVE)
    assert isinstance(found, Fetched)
    return found


@pytest.mark.parametrize(("resource", "params"), LISTS, ids=lambda value: str(value))
def test_one_repository(sandbox: Handle, flags: Flags, resource: str, params: dict[str, str]) -> None:
    compared = 0
    for repository in list(sandbox.world.repositories.values())[:6]:
        if resource == "issues" and not repository.has_issues:
            continue
        named = {"owner": ORG, "repo": repository.name, **params}
        flags(GITHUB_API_MODE="graphql")
        by_graphql = fetched(resource, named)
        flags(GITHUB_API_MODE="rest")
        by_rest = fetched(resource, named)
        assert (by_graphql.source, by_rest.source) == ("graphql", "rest")
        assert by_graphql.value == by_rest.value
        assert by_graphql.more == by_rest.more
        assert by_graphql.scope == Scope("repo", str(repository.id))
        assert by_rest.scope in (None, by_graphql.scope)
        assert by_rest.public in (None, by_graphql.public)
        compared += bool(by_rest.value)
    assert compared


def test_a_repository_without_issues_is_gone(sandbox: Handle, flags: Flags) -> None:
    repository = some_repository(sandbox)
    repository.has_issues = False
    for mode in ("graphql", "rest"):
        flags(GITHUB_API_MODE=mode)
        with pytest.raises(Gone, match="disabled"):
            fetched("issues", {"owner": ORG, "repo": repository.name})


def test_an_organisations_repositories(sandbox: Handle, flags: Flags) -> None:
    flags(GITHUB_API_MODE="graphql")
    by_graphql = listed()
    flags(GITHUB_API_MODE="rest")
    by_rest = listed()
    assert {page.source for page in by_graphql} == {"graphql"}
    assert {page.source for page in by_rest} == {"rest"}
    assert repositories(by_graphql) == repositories(by_rest)
    assert len(repositories(by_rest)) == by_rest[0].total == by_graphql[0].total == 12
    assert by_rest[0].organization_id == by_graphql[0].organization_id == 9001
    assert any(each["languages"] for each in repositories(by_rest))


def test_the_automation_files(sandbox: Handle, flags: Flags) -> None:
    house = some_repository(sandbox)
    world_files(sandbox, house)
    flags(GITHUB_API_MODE="graphql")
    named = repositories(listed())
    by_graphql = automations(named)
    flags(GITHUB_API_MODE="rest")
    assert automations(named) == by_graphql
    assert by_graphql[house.full_name] == AutomationFiles(
        files={
            ".github/workflows/ci.yml": "on: push\n",
            "automations/lights/kitchen.yaml": "- alias: Kitchen\n",
            "configuration.yaml": "homeassistant:\n",
            "packages/deep/er/one.yaml": "automation: []\n",
            "scripts.yml": "a: {}\n",
        },
        head=house.head.sha if house.head else "",
        truncated=(".github/workflows/binary.yml", ".github/workflows/large.yml", "packages/large.yaml"),
    )


def some_repository(sandbox: Handle) -> Repository:
    return next(each for each in sandbox.world.repositories.values() if not each.private and each.head)


def world_files(sandbox: Handle, repository: Repository) -> None:
    """What a repository of Home Assistant's configuration may hold, and what must not be read."""
    world = sandbox.world
    texts = {
        ".github/workflows/ci.yml": b"on: push\n",
        ".github/workflows/large.yml": b"#" * 600_000,
        ".github/workflows/binary.yml": b"a\0b",
        ".github/workflows/nested/no.yml": b"on: push\n",
        ".github/dependabot.yml": b"version: 2\n",
        "configuration.yaml": b"homeassistant:\n",
        "secrets.yaml": b"password: hunter2\n",
        "scripts.yml": b"a: {}\n",
        "automations/lights/kitchen.yaml": b"- alias: Kitchen\n",
        "packages/deep/er/one.yaml": b"automation: []\n",
        "packages/deep/er/and/deeper/two.yaml": b"automation: []\n",
        "packages/large.yaml": b"#" * 600_000,
        "packages/readme.md": b"no\n",
        "custom_components/theirs/services.yaml": b"a: {}\n",
        ".storage/hidden.yaml": b"a: {}\n",
    }
    admin = world.accounts["octo-admin"]
    gone = dict.fromkeys(repository.files)
    changes.push(world, repository, admin, gone | texts, "A house")


def listed() -> list[RepositoryPage]:
    pages: list[RepositoryPage] = []
    cursor = None
    while not pages or cursor is not None:
        page = fetching.organization_repositories("default", ORG, lane=Lane.INTERACTIVE, cursor=cursor)
        assert isinstance(page, RepositoryPage)
        pages.append(page)
        cursor = page.next_cursor
    return pages


def repositories(pages: list[RepositoryPage]) -> list[dict[str, Any]]:
    return [repository for page in pages for repository in page.repositories]


def automations(named: list[dict[str, Any]]) -> dict[str, Any]:
    found = fetching.automation_files("default", named, lane=Lane.INTERACTIVE)
    assert isinstance(found, dict)
    return found
