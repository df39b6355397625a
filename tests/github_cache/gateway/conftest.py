"""A house whose GitHub has a public repository `octo/hello` and a private one, `octo/secret`."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.client import ClientHandler
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from config.api_stack import ApiStack, takes
from github_cache.models import ApiKey, Tenant
from github_sandbox import changes
from github_sandbox.sample import sample_accounts
from github_sandbox.server import serve
from github_sandbox.world import World
from ratelimit import live
from tests.github_cache.gateway.house import ADMIN, ORG, TENANT, House, forget


class ShortWay(ClientHandler):
    """Answers as the web application does: API requests by the shorter way."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = ApiStack(WSGIHandler())

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        return self._stack.respond(request) if takes(request.META) else super().get_response(request)


def api_client() -> Client:
    client = Client()
    client.handler = ShortWay()
    return client


def small_world() -> World:
    world = World()
    org = sample_accounts(world, ORG)
    admin = world.accounts["octo-admin"]
    hello = changes.create_repository(world, org, admin, "hello", {"description": "Says hello"})
    files = {"README.md": b"# hello\n", "src/main.py": b"print('hello')\n", "data.json": b'{"a": 1}\n'}
    changes.push(world, hello, admin, files, "Start")
    for number in range(1, 4):
        changes.create_issue(world, hello, admin, f"Issue {number}", "It breaks", ["bug"])
    secret = changes.create_repository(world, org, admin, "secret", {"private": True, "auto_init": True})
    changes.create_issue(world, secret, admin, "The secret", "Nobody knows", [])
    return world


@pytest.fixture
def house(settings: Settings, redis_server: str, transactional_db: None) -> Iterator[House]:
    url = redis_server.replace("db=0", "db=9")
    client = redis.Redis.from_url(url)
    client.flushdb()
    settings.REDIS_URL, settings.REDIS_ENABLED, settings.REDIS_SOCKET_TIMEOUT = url, True, 1.0
    settings.RATELIMIT_ENABLED = False
    settings.HUBCACHE_ANONYMOUS_READ = False
    with serve(small_world()) as handle:
        settings.GITHUB_API_URL, settings.GITHUB_GRAPHQL_URL = handle.url, f"{handle.url}/graphql"
        settings.GITHUB_TOKEN, settings.GITHUB_TOKENS = ADMIN, (ADMIN,)
        forget()
        tenant, _ = Tenant.objects.get_or_create(slug=TENANT)
        _, key = ApiKey.create(tenant, "tests", ("read", "write", "admin"))
        yield House(handle, client, key, api_client())
    forget()
    client.close()


@pytest.fixture
def flags(house: House) -> Callable[..., None]:
    """Changes live settings as the admin does; the database is emptied after the test."""
    from constance import config

    def change(**values: Any) -> None:
        for name, value in values.items():
            setattr(config, name, value)
        live.refresh()

    return change


@pytest.fixture
def base(house: House, live_server: LiveServer, settings: Settings) -> str:
    """The address for clients of GitHub's, with more repositories and issues there than one page holds."""
    settings.HUBCACHE_PUBLIC_URL = live_server.url
    world = house.handle.world
    org, admin = world.organization("octo"), world.accounts["octo-admin"]
    for number in range(40):
        changes.create_repository(world, org, admin, f"repo-{number:02}", {})
    for number in range(45):
        changes.create_issue(world, house.repository(), admin, f"More {number}", None, [])
    return f"{live_server.url}/api/v3"
