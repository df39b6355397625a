"""What one command starts, decided from the settings."""

from typing import Any

import pytest

from config.reading import read
from config.startup import GitHub, Plan, Redis, child_environment, for_other_shells, plan


@pytest.mark.parametrize(
    ("settings", "program", "expected"),
    [
        ({}, "/bin/redis-server", Plan(GitHub.SANDBOX, Redis.EMBEDDED)),
        ({}, None, Plan(GitHub.SANDBOX, Redis.NONE)),
        ({"GITHUB_TOKEN": "t"}, "/bin/redis-server", Plan(GitHub.REAL, Redis.EMBEDDED)),
        ({"GITHUB_TOKENS": "t,u"}, "/bin/redis-server", Plan(GitHub.REAL, Redis.EMBEDDED)),
        ({"GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY": "k"}, None, Plan(GitHub.REAL, Redis.NONE)),
        ({"GITHUB_API_URL": "http://127.0.0.1:9"}, None, Plan(GitHub.REAL, Redis.NONE)),
        ({"REDIS_URL": "redis://h"}, "/bin/redis-server", Plan(GitHub.SANDBOX, Redis.GIVEN)),
        ({"REDIS_HOST": "h"}, None, Plan(GitHub.SANDBOX, Redis.GIVEN)),
        ({"REDIS_URL": "redis://h", "REDIS_ENABLED": "false"}, "/bin/redis-server", Plan(GitHub.SANDBOX, Redis.NONE)),
    ],
)
def test_the_plan(settings: dict[str, str], program: str | None, expected: Plan) -> None:
    assert plan(read(settings), program) == expected


def environment(chosen: Plan, **settings: str) -> dict[str, Any]:
    return child_environment(
        {"PATH": "/bin", **settings},
        read(settings),
        chosen,
        redis_url="unix:///r.sock",
        sandbox={"GITHUB_API_URL": "http://127.0.0.1:1"},
    )


def test_children_are_told_of_the_redis_that_was_started() -> None:
    assert environment(Plan(GitHub.REAL, Redis.EMBEDDED))["REDIS_URL"] == "unix:///r.sock"


def test_children_are_told_that_there_is_no_redis() -> None:
    assert environment(Plan(GitHub.REAL, Redis.NONE))["REDIS_ENABLED"] == "false"


def test_a_given_redis_is_left_as_it_was() -> None:
    told = environment(Plan(GitHub.REAL, Redis.GIVEN), REDIS_URL="redis://h:1")
    assert told["REDIS_URL"] == "redis://h:1"
    assert "REDIS_ENABLED" not in told


def test_only_the_sandbox_is_read_without_a_key() -> None:
    assert environment(Plan(GitHub.SANDBOX, Redis.NONE))["HUBCACHE_ANONYMOUS_READ"] == "true"
    real = environment(Plan(GitHub.REAL, Redis.NONE))
    assert "HUBCACHE_ANONYMOUS_READ" not in real
    assert "GITHUB_API_URL" not in real


def test_other_shells_are_told_what_was_settled_and_no_secret_that_was_given() -> None:
    given = {"PATH": "/bin", "GITHUB_TOKEN": "t", "HUBCACHE_PORT": "9", "HUBCACHE_DATA_DIR": "/data"}
    told = for_other_shells(given, {**given, "REDIS_URL": "unix:///r.sock", "GITHUB_WEBHOOK_SECRET": "made"})
    assert told == {"HUBCACHE_PORT": "9", "REDIS_URL": "unix:///r.sock", "GITHUB_WEBHOOK_SECRET": "made"}
