"""What `manage.py doctor` examines beyond the health of the parts: configuration, versions, clocks, hooks.

Each finding is a `Part`, as in `/health`: a state, what is to be seen, and what to do.
"""

import platform
import re
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime

import celery
import django
from django.conf import settings
from django.core import checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from redis.exceptions import RedisError

from github_cache.health import Part, State
from github_cache.models import Tenant
from github_cache.upstream import calls
from github_cache.upstream.errors import UpstreamError
from github_cache.upstream.protocol import RATE_LIMIT, Call
from ratelimit import connection as redis_connection
from ratelimit.budget import Lane
from ratelimit.verdict import Wait
from webhooks import github_hooks
from webhooks.models import WebhookConfig

MOST_SKEW = 5.0
"""Seconds by which our clock may differ from GitHub's; its `Date` has whole seconds, and travels."""
OLDEST_REDIS = (6, 2)
OLDEST_POSTGRESQL = (14,)

Finding = tuple[str, Part]


def findings() -> Iterator[Finding]:
    """Everything, one after another; what fails by itself is a finding too."""
    for name, examine in _EXAMINATIONS.items():
        try:
            yield from examine()
        except Exception as error:  # noqa: BLE001  (a doctor that dies helps nobody)
            yield name, Part(State.DEGRADED, f"could not be examined: {type(error).__name__}: {error}", "See the log.")


def configuration() -> Iterator[Finding]:
    """Django's system checks, ours included; and migrations that were not run."""
    messages = [message for message in checks.run_checks() if message.level >= checks.WARNING]
    for message in messages:
        state = State.DOWN if message.level >= checks.ERROR else State.DEGRADED
        yield "configuration", Part(state, f"{message.id}: {message.msg}", message.hint or "")
    executor = MigrationExecutor(connection)
    if waiting := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield "configuration", Part(State.DOWN, f"{len(waiting)} migrations were not run", "Run manage.py prepare.")
    elif not messages:
        yield "configuration", Part(State.OK, "checked, and the database is migrated")


def versions() -> Iterator[Finding]:
    """Of what runs here, and of the servers that it needs."""
    here = f"Python {platform.python_version()}, Django {django.__version__}, Celery {celery.__version__}"
    yield "versions", Part(State.OK, here)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            yield "versions", compared("PostgreSQL", cursor.fetchone()[0], OLDEST_POSTGRESQL)
    client = redis_connection.client()
    if client is not None:
        try:
            yield "versions", compared("Redis", client.info("server")["redis_version"], OLDEST_REDIS)
        except RedisError as error:
            yield "versions", Part(State.DEGRADED, f"Redis does not answer: {type(error).__name__}", "See REDIS_URL.")


def compared(name: str, version: str, oldest: tuple[int, ...]) -> Part:
    """Is a server's version new enough? (pure)"""
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[: len(oldest)])
    needed = ".".join(str(number) for number in oldest)
    if numbers < oldest:
        return Part(State.DEGRADED, f"{name} {version} is too old", f"Use {name} {needed} or newer.")
    return Part(State.OK, f"{name} {version}")


def clocks() -> Iterator[Finding]:
    """Our clock against GitHub's, by a call that is free."""
    for tenant in Tenant.objects.order_by("slug").values_list("slug", flat=True):
        began = time.time()
        try:
            reply = calls.send(Call("GET", RATE_LIMIT, cost=0), tenant=tenant, lane=Lane.INTERACTIVE)
        except UpstreamError as error:
            yield "clocks", Part(State.DEGRADED, f"GitHub cannot be asked: {error.message}", "See GITHUB_API_URL.")
            continue
        if isinstance(reply, Wait):
            yield "clocks", Part(State.DEGRADED, f"GitHub may not be asked for {reply.seconds:.0f} s: {reply.why}")
            continue
        yield "clocks", skew(reply.headers, (began + time.time()) / 2)
        return


def skew(headers: Mapping[str, str], now: float) -> Part:
    """What an answer's `Date` says about our clock at `now` (epoch seconds; pure)."""
    try:
        theirs = parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, ValueError):
        return Part(State.DEGRADED, "GitHub's answer bears no date", "See what stands between Hubcache and GitHub.")
    ahead = now - theirs
    if abs(ahead) > MOST_SKEW:
        direction = "ahead of" if ahead > 0 else "behind"
        detail = f"our clock is {abs(ahead):.0f} s {direction} GitHub's"
        return Part(State.DEGRADED, detail, "Set the clock (NTP): Apps' tokens and resets go by it.")
    return Part(State.OK, f"our clock is within {MOST_SKEW:.0f} s of GitHub's")


def hooks() -> Iterator[Finding]:
    """Does GitHub have each hook, as it is configured here?"""
    configs = list(WebhookConfig.objects.filter(active=True).exclude(target=WebhookConfig.For.TENANT))
    if not configs:
        remedy = "Set GITHUB_WEBHOOK_SECRET and run manage.py register_hook: without a hook, entries live for minutes."
        yield "hooks", Part(State.DEGRADED, "no webhook is configured", remedy)
    for config in configs:
        yield f"hook {config.name}", _hook(config)


def _hook(config: WebhookConfig) -> Part:
    if not config.webhook_id:
        return Part(State.DEGRADED, "it is not registered at GitHub", "Run manage.py register_hook.")
    try:
        told = github_hooks.compare(config)
    except UpstreamError as error:
        return Part(State.DEGRADED, f"GitHub does not show it: {error.message}", "The credential needs admin:org_hook.")
    if isinstance(told, Wait):
        return Part(State.DEGRADED, f"GitHub may not be asked for {told.seconds:.0f} s: {told.why}")
    if not told["found"]:
        return Part(State.DEGRADED, "GitHub has no such hook any more", "Make it again: manage.py register_hook.")
    if told["differences"]:
        fields = ", ".join(sorted(told["differences"]))
        return Part(State.DEGRADED, f"GitHub's hook differs in {fields}", "Save the configuration again.")
    return Part(State.OK, f"GitHub has it, to {config.webhook_url}")


def addresses() -> Iterator[Finding]:
    """Can GitHub reach the address that the hooks name?"""
    host = re.sub(r"^https?://|[:/].*$", "", settings.HUBCACHE_PUBLIC_URL)
    sandboxed = "127.0.0.1" in settings.GITHUB_API_URL
    if host in ("127.0.0.1", "localhost") and not sandboxed:
        remedy = "Set HUBCACHE_PUBLIC_URL to an address that GitHub and your clients reach."
        yield "address", Part(State.DEGRADED, f"{settings.HUBCACHE_PUBLIC_URL} is reached from here only", remedy)
    else:
        yield "address", Part(State.OK, settings.HUBCACHE_PUBLIC_URL)


_EXAMINATIONS: Mapping[str, Callable[[], Iterator[Finding]]] = {
    "configuration": configuration,
    "versions": versions,
    "address": addresses,
    "clocks": clocks,
    "hooks": hooks,
}
