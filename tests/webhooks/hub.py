"""A GitHub of one's own whose hooks lead to this Hubcache, over HTTP in both directions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from github_cache import asks, gateway, hot
from github_cache.keys import Scope
from github_cache.serving import Served
from github_sandbox import changes
from github_sandbox.entities import Repository as Theirs
from github_sandbox.sample import sample_accounts
from github_sandbox.server import Handle
from github_sandbox.world import World
from stats import syncing
from stats.models import Automation
from tests.canaries import SECRET
from tests.github_cache.gateway.house import settle
from webhooks import configurations, processing
from webhooks.models import WebhookConfig

WORKFLOW = ".github/workflows/ci.yml"


def workflow(name: str) -> bytes:
    return f"name: {name}\non: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps: []\n".encode()


def small_world() -> World:
    world = World()
    org = sample_accounts(world, "octo")
    admin = world.accounts["octo-admin"]
    hello = changes.create_repository(world, org, admin, "hello", {"description": "Says hello"})
    changes.push(world, hello, admin, {WORKFLOW: workflow("CI")}, "Start")
    changes.create_issue(world, hello, admin, "It breaks", "Badly", ["bug"])
    return world


class Hub:
    """The hub under test: its address, and a hook of the organisation that leads to it."""

    def __init__(self, github: Handle, url: str) -> None:
        self.github, self.url = github, url
        self.world = github.world
        self.org = self.world.accounts["octo"]
        self.admin = self.world.accounts["octo-admin"]
        self.config: WebhookConfig | None = None

    @property
    def hello(self) -> Theirs:
        return next(each for each in self.world.repositories.values() if each.name == "hello")

    def hook(self, **more: Any) -> WebhookConfig:
        fields = {
            "tenant_id": "acme",
            "target": "organization",
            "organization": "octo",
            "secret": SECRET,
            "events": ["*"],
            "webhook_url": f"{self.url}/api/v1/webhooks/github",
            **more,
        }
        self.config = configurations.create_registered(fields)
        self.github.drain()
        return self.config

    def do(self, change: Callable[..., Any], *arguments: Any) -> Any:
        """Something happens at GitHub, and its deliveries arrive."""
        with self.world.lock:
            result = change(self.world, *arguments)
        self.github.drain()
        return result

    def work_off(self) -> None:
        processing.run(clock=lambda: timezone.now() + timedelta(seconds=20))

    def sync(self) -> None:
        assert [*syncing.sync("acme", "octo")][-1].state == "done"

    def use(self, resource: str, **params: str) -> None:
        """Reads, and waits until it is noted, in the background, that people do."""
        self.read(resource, **params)
        self.read(resource, **params)
        settle()
        assert hot.lately("acme", Scope("repo", str(self.hello.id)))

    def read(self, resource: str, **params: str) -> Served:
        ask = asks.typed(asks.pool_caller("acme"), resource, {"owner": "octo", "repo": "hello", **params})
        answer = gateway.read(ask)
        assert isinstance(answer, Served)
        return answer


def names() -> list[str]:
    return sorted(Automation.objects.values_list("name", flat=True))
