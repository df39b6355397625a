"""Which files can hold automations."""

import pytest

from github_cache.upstream.automation_paths import (
    MOST_BYTES,
    MOST_FILES,
    Listed,
    all_read,
    is_yaml,
    roots,
    wanted,
    workflows,
)


def files(*paths: str) -> list[Listed]:
    return [Listed(path, 10) for path in paths]


def folders(*paths: str) -> list[Listed]:
    return [Listed(path, is_folder=True) for path in paths]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.yml", True),
        ("b/c.YAML", True),
        ("a.json", False),
        ("secrets.yaml", False),
        ("x/secrets.yml", False),
        ("yaml", False),
    ],
)
def test_yaml_that_may_be_read(path: str, expected: bool) -> None:
    assert is_yaml(path) is expected


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        (files("configuration.yaml", "README.md"), ("",)),
        (folders("automations"), ("",)),
        (folders("blueprints", "src"), ("",)),
        (folders("config", "src", "hass"), ("config", "hass")),
        (folders("packages", "src") + files("docker-compose.yml"), ()),
        ([], ()),
    ],
)
def test_where_a_configuration_stands(top: list[Listed], expected: tuple[str, ...]) -> None:
    assert roots(top) == expected


def test_a_nested_folder_counts_only_with_a_configuration_in_it() -> None:
    assert wanted(files("config/app.yaml"), "config") == ((), ())
    house = files("config/configuration.yaml", "config/packages/a.yaml", "deploy.yaml")
    assert wanted(house, "config") == (("config/configuration.yaml", "config/packages/a.yaml"), ())


def test_what_is_never_read() -> None:
    listing = files(
        "node_modules/x.yaml", ".github/workflows/ci.yml", "esphome/node.yaml", "a/b/c/d/e.yaml", "themes/dark.yaml"
    )
    assert wanted(listing, "") == (("themes/dark.yaml",), ())


def test_what_is_too_large_or_too_many_is_named() -> None:
    large = Listed("large.yaml", MOST_BYTES + 1)
    many = files(*(f"many/{number:05}.yaml" for number in range(MOST_FILES + 2)))
    readable, unread = wanted([large, *many], "")
    assert len(readable) == MOST_FILES
    assert unread == ("large.yaml", f"many/{MOST_FILES:05}.yaml", f"many/{MOST_FILES + 1:05}.yaml")


def test_whether_the_first_query_read_everything() -> None:
    plain = files("configuration.yaml", "automations.yaml", "README.md") + folders("automations", ".github")
    assert all_read(plain)
    assert not all_read(plain + folders("packages"))
    assert not all_read(plain + files("scripts.yaml"))


def test_workflows_stand_directly_in_their_folder() -> None:
    listing = files(".github/workflows/ci.yml", ".github/workflows/sub/no.yml", ".github/dependabot.yml", "ci.yml")
    assert [entry.path for entry in workflows(listing)] == [".github/workflows/ci.yml"]
