"""`manage.py clear_cache`: everything of a tenant, or what is named; says how much went."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from github_cache import clearing
from github_cache.management import tenants
from github_cache.upstream.errors import BadCall


class Command(BaseCommand):
    help = "Clear the cache of a tenant: everything, or one organisation, repository, kind or URL."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--tenant", default=settings.HUBCACHE_TENANT, help="Whose cache (%(default)s).")
        place = parser.add_mutually_exclusive_group()
        place.add_argument("--organization", default="", help="Its name.")
        place.add_argument("--repository", default="", help="OWNER/NAME")
        place.add_argument("--url", default="", help="A path of GitHub's REST API, such as /repos/OWNER/NAME/issues.")
        parser.add_argument("--kind", default="", help="meta, issues, pulls, labels, …")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["kind"] and options["url"]:
            raise CommandError("--kind goes with an organisation or a repository; a URL is of one kind already.")
        named = {name: options[name] for name in ("organization", "repository", "kind", "url")}
        try:
            cleared = clearing.clear(tenants.existing(options["tenant"]), **named)
        except (clearing.Unknown, BadCall, ValueError) as error:
            raise CommandError(str(error)) from error
        removed = cleared.removed
        self.stdout.write(f"Cleared {cleared.what}: {removed.entries} entries, {removed.epochs} kinds asked for anew.")
