"""`manage.py warm`: fetches what people use before they ask again, as far as the warm lane's budget goes."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from github_cache import warm_up


class Command(BaseCommand):
    help = "Refresh what callers of a tenant asked for lately and what is no longer fresh."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--tenant", default=settings.HUBCACHE_TENANT, help="Whose cache (%(default)s).")
        parser.add_argument("--plan", action="store_true", help="Only say what would be refreshed, in its order.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["plan"]:
            for ask in warm_up.planned(options["tenant"], time.time()):
                self.stdout.write(str(ask.target))
            return
        done = warm_up.run(options["tenant"])
        self.stdout.write(f"{done.refreshed} refreshed, {done.failed} failed, {done.left} left.")
        if done.wait is not None:
            self.stdout.write(f"GitHub's limits leave no room for more in this lane; try again in {done.wait:.0f} s.")
