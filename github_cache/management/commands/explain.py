"""`manage.py explain URL`: why it is fresh or stale, who may see it, when it was fetched, what would drop it."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from github_cache import explaining
from github_cache.management import tenants
from github_cache.proxy.audience import NoPinnedCredential
from github_cache.upstream.errors import UpstreamError


class Command(BaseCommand):
    help = "Explain what the cache holds for a URL of GitHub's REST API, ours or theirs, or a path like /repos/o/r."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("url")
        parser.add_argument("--tenant", default=settings.HUBCACHE_TENANT, help="Whose cache (%(default)s).")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for line in explaining.explain(tenants.existing(options["tenant"]), options["url"], time.time()):
                self.stdout.write(line)
        except (UpstreamError, NoPinnedCredential) as error:
            raise CommandError(str(error)) from error
