"""What a sync costs of GitHub's quota: an organisation with languages, automation files, labels and open issues.

By GraphQL in batches, as `stats.syncing` reads it, and by REST, on a smaller organisation of the same make, since one
account may send no more than 900 calls a minute. Points and calls are those that the sandbox GitHub charged. Demands:
no more than 60 points for 500 repositories with 5,000 automations, and no refusal.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

TOKEN, ORG, TENANT = "ghp_sandbox_admin_1", "octo-sample", "default"
FILES_EACH = 10
MOST_POINTS = 60
REST_CALLS_A_MINUTE = 450
"""GitHub's 900, which a process without Redis shares with the others that there are: here one."""


def main(options: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks sync_cost", description=__doc__)
    parser.add_argument("--repositories", type=int, default=500, help="Read by GraphQL (%(default)s).")
    parser.add_argument("--rest-repositories", type=int, default=25, help="Read by REST (%(default)s).")
    given = parser.parse_args(options)
    if given.rest_repositories * (FILES_EACH + 6) > REST_CALLS_A_MINUTE:
        parser.error(f"{given.rest_repositories} repositories take more than {REST_CALLS_A_MINUTE} calls by REST")
    with tempfile.TemporaryDirectory(prefix="hubcache-bench-") as folder:
        os.environ |= {"HUBCACHE_DATA_DIR": folder, "REDIS_ENABLED": "false", "HUBCACHE_WORKERS": "1"}
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "GITHUB_TOKEN": TOKEN,
            "HUBCACHE_LOG_LEVEL": "ERROR",
        }
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        points = _measured("graphql", given.repositories)
        calls = _measured("rest", given.rest_repositories)
    times = given.repositories / given.rest_repositories
    print(f"{given.repositories} repositories: {points} points by GraphQL, {calls * times:,.0f} calls by REST "
          f"({calls} × {times:g})")  # fmt: skip
    missed = given.repositories <= 500 and points > MOST_POINTS
    print(f"demanded: at most {MOST_POINTS} points for 500 {'MISSED' if missed else ''}")
    return int(missed)


def _measured(mode: str, repositories: int) -> int:
    """What it costs in all, with a row for each part."""
    from constance import config
    from django.conf import settings

    from github_cache.models import Tenant
    from github_cache.upstream import credentials
    from github_sandbox.sample import SampleSize, make_world
    from github_sandbox.server import Handle, serve
    from ratelimit import live
    from ratelimit.budget import Lane
    from ratelimit.governor import governor
    from stats.models import Automation, Repository

    Tenant.objects.get_or_create(slug=TENANT)
    Repository.objects.all().delete()
    config.GITHUB_API_MODE = mode
    live.refresh()
    credentials.forget()
    governor.cache_clear()
    size = SampleSize(repositories=repositories, automations=repositories * FILES_EACH)
    github: Handle
    with serve(make_world(size)) as github:
        settings.GITHUB_API_URL, settings.GITHUB_GRAPHQL_URL = github.url, f"{github.url}/graphql"
        print(f"\n{mode}: {repositories} repositories, {repositories * FILES_EACH} automations")
        total = 0
        # By REST in the lane of people: the warm one would spread so many calls over half an hour.
        for part, read in _parts(Lane.WARM if mode == "graphql" else Lane.INTERACTIVE).items():
            github.ledger.clear()
            began = time.perf_counter()
            waited = read()
            seconds = time.perf_counter() - began - waited
            entries = github.ledger.entries()
            cost = sum(int(str(entry["cost"])) for entry in entries)
            refused = sum(entry["status"] in (403, 429) for entry in entries)
            total += cost
            print(f"  {part:<44}{cost:>6} {'points' if mode == 'graphql' else 'calls':<7} in {len(entries):>4} "
                  f"queries, {seconds:5.1f} s{f', {waited:.0f} s of them waited' if waited else ''}"
                  f"{f', REFUSED {refused}' if refused else ''}", flush=True)  # fmt: skip
    indexed = Repository.objects.count(), Automation.objects.count()
    if indexed != (repositories, repositories * FILES_EACH):
        raise RuntimeError(f"{indexed} repositories and automations are in the index: not all was read")
    return total


def _parts(lane: Any) -> dict[str, Callable[[], float]]:
    return {
        "repositories, languages, automation files": lambda: _sync(lane),
        "labels": lambda: _many("labels", {}),
        "open issues": lambda: _many("issues", {"state": "open"}),
    }


def _sync(lane: Any) -> float:
    from stats import syncing

    waited = 0.0
    while True:
        *_, last = syncing.sync(TENANT, ORG, lane=lane)
        if last.state is syncing.State.DONE:
            return waited
        if last.wait is None:
            raise RuntimeError(f"the sync ended as {last.state}: {last.message}")
        time.sleep(last.wait)
        waited += last.wait


def _many(resource: str, more: dict[str, str]) -> float:
    """The resource of every repository, in the lane of people, since this is no part of a sync of the index."""
    from github_cache.upstream import fetching
    from github_cache.upstream.errors import Gone
    from ratelimit.budget import Lane
    from ratelimit.verdict import Wait
    from stats.models import Repository

    names = [name.split("/") for name in Repository.objects.values_list("full_name", flat=True)]
    asked: list[dict[str, Any]] = [{"owner": owner, "repo": repo, **more} for owner, repo in names]
    found = fetching.fetch_many(resource, asked, tenant=TENANT, lane=Lane.INTERACTIVE)
    # Some repositories of the sample have their issues switched off.
    known = fetching.Fetched | Gone
    unread = [found] if isinstance(found, Wait) else [each for each in found if not isinstance(each, known)]
    if unread:
        raise RuntimeError(f"{resource} could not be read of {len(unread)} repositories: {unread[0]}")
    return 0.0
