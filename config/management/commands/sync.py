"""`manage.py sync ORGANISATION`: index every repository of an organisation, with a progress bar."""

import signal
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from github_cache.models import Tenant
from ratelimit.budget import Lane
from stats import syncing
from stats.syncing import State


class Command(BaseCommand):
    help = "Index every repository of an organisation or user. One that was cut off goes on where it stopped."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("organisation", help="Its name at GitHub.")
        parser.add_argument(
            "--tenant", default=settings.HUBCACHE_TENANT, help="Whose index it goes into (%(default)s)."
        )
        parser.add_argument(
            "--most-wait", type=float, default=3600, help="Longest wait for GitHub's limit, in seconds (%(default)s)."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        tenant, organisation = options["tenant"], options["organisation"]
        if not Tenant.objects.filter(slug=tenant).exists():
            raise CommandError(f"There is no tenant {tenant!r}: make it in the admin, or leave --tenant out.")
        # So that being told to stop ends the sync in order, as Ctrl-C does.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            last = self._followed(tenant, organisation, options["most_wait"])
        except KeyboardInterrupt:
            raise CommandError(f"Interrupted; `manage.py sync {organisation}` goes on from there.") from None
        if last.state is not State.DONE:
            raise CommandError(f"The sync of {organisation} ended early ({last.state}): {last.message}")
        self.stdout.write(f"{organisation}: {last.done} repositories indexed. {last.message}".rstrip())

    def _followed(self, tenant: str, organisation: str, most_wait: float) -> syncing.Progress:
        """Shows each step of the sync, waiting for GitHub's limit where that is bearable; the last step."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(file=self.stdout._out)) as bar:
            task = bar.add_task(f"Syncing {organisation}", total=None)
            while True:
                for step in syncing.sync(tenant, organisation, lane=Lane.INTERACTIVE):
                    bar.update(task, completed=step.done, total=step.total)
                if step.state is not State.WAITING or step.wait is None or step.wait.seconds > most_wait:
                    return step
                bar.console.print(step.message)
                time.sleep(step.wait.seconds)
