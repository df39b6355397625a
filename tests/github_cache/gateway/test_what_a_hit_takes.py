"""A hit by the full path takes one trip to Redis and nothing from the database."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from tests.github_cache.gateway.house import DEV, House

ISSUES = "/api/v3/repos/octo/hello/issues"
END = "the end"


def taken(house: House, token: str | None) -> tuple[list[str], int]:
    """The commands that Redis was sent for one hit, and how many queries the database got."""
    with house.redis.monitor() as monitor:
        with CaptureQueriesContext(database) as queries:
            answer = house.get(ISSUES, token=token)
        house.redis.echo(END)
        sent: list[str] = []
        while END not in (command := monitor.next_command()["command"]):
            sent.append(command.split()[0])
    assert answer.headers["X-Cache"] == "HIT"
    return sent, len(queries)


@pytest.mark.parametrize("token", [None, DEV])
def test_a_hit_is_one_trip_and_no_query(house: House, settings: Settings, token: str | None) -> None:
    settings.HUBCACHE_HOTCACHE_ENABLED = False
    settings.RATELIMIT_ENABLED = True
    house.get(ISSUES, token=token)
    # Some may also read anew what is believed for a second or two (live settings, limits).
    assert (["MGET"], 0) in [taken(house, token) for _ in range(6)]
