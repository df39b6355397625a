"""`manage.py warm`: fetches what people use before they ask again, as far as the warm lane's budget goes."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import Progress

from github_cache import uses, warm_up
from github_cache.management import tenants


class Command(BaseCommand):
    help = "Refresh what callers of a tenant use and what is no longer fresh, the most used first."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--tenant", default=settings.HUBCACHE_TENANT, help="Whose cache (%(default)s).")
        parser.add_argument("--org", default="", help="Only what belongs to this organisation or user.")
        parser.add_argument(
            "--most-wait", type=float, default=30, help="Seconds to wait for GitHub's limits in all (%(default)s)."
        )
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be refreshed, in its order.")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant, organization = tenants.existing(options["tenant"]), options["org"]
        uses.remember(tenant, time.time())
        if organization and not warm_up.knows(tenant, organization):
            raise CommandError(f"Nobody has used anything of {organization!r} lately, so there is nothing to refresh.")
        if options["dry_run"]:
            self._tell_plan(tenant, organization)
            return
        with Progress(console=Console(file=self.stdout._out)) as bar:
            task = bar.add_task("Warming up", total=None)
            done = warm_up.run(
                tenant,
                organization=organization,
                pause=warm_up.patience(options["most_wait"]),
                progress=lambda number, total: bar.update(task, completed=number, total=total),
            )
        self.stdout.write(
            f"{done.refreshed} refreshed, {done.failed} failed, {done.left} left; "
            f"{done.calls} calls to GitHub, {done.cost} points."
        )
        if done.failed and not done.refreshed:
            raise CommandError("Nothing could be refreshed; the log says why.")
        if done.wait is not None:
            self.stdout.write(f"GitHub's limits leave no room for more in this lane; try again in {done.wait:.0f} s.")

    def _tell_plan(self, tenant: str, organization: str) -> None:
        plan = warm_up.planned(tenant, time.time(), organization)
        for use in plan:
            self.stdout.write(f"{use.weight:8.2f}  {use.cost:.1f}  {use.ask.target}")
        self.stdout.write(f"{len(plan)} would be refreshed; before each: how much it is used, and its points.")
