"""An API request without a cookie goes a shorter way, with the same checks and headers as any other."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_reads(settings: Settings) -> None:
    settings.HUBCACHE_ANONYMOUS_READ = settings.RATELIMIT_ENABLED = False


@pytest.mark.parametrize("path", ["/api/v3/user", "/api/v3/repos/a/b/../c", "/api/v1/search", "/api/nowhere"])
@pytest.mark.parametrize("host", ["testserver", "elsewhere.example"])
def test_both_ways_answer_alike(client: Client, path: str, host: str) -> None:
    short = client.get(path, headers={"Host": host})
    client.cookies["of"] = "no meaning"
    long = client.get(path, headers={"Host": host})
    assert (short.status_code, short.content) == (long.status_code, long.content)
    ours = {name: value for name, value in short.headers.items() if name != "X-Request-Id"}
    theirs = {name: value for name, value in long.headers.items() if name != "X-Request-Id"}
    assert ours == theirs
    assert ours["X-Content-Type-Options"] == "nosniff"


def test_staff_who_are_logged_in_are_known(client: Client) -> None:
    assert client.get("/api/v1/search").status_code == 401
    client.force_login(User.objects.create_user("ada", is_staff=True))
    assert client.get("/api/v1/search").status_code == 200


def test_what_is_left_out_stands_in_the_long_way(settings: Settings) -> None:
    assert set(settings.MIDDLEWARE) > settings.PAGE_MIDDLEWARE
