"""`manage.py register_hook`: makes the hook at GitHub of the configuration that GITHUB_WEBHOOK_SECRET made."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from github_cache.upstream.errors import UpstreamError
from webhooks import configurations


class Command(BaseCommand):
    help = "Make the hook of GITHUB_WEBHOOK_SECRET's configuration at GitHub, if it has none there."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--url",
            default="",
            help="Where GitHub reaches this Hubcache, if not at HUBCACHE_PUBLIC_URL (http://web:8000).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        config = configurations.from_environment()
        if config is None:
            raise CommandError("Set GITHUB_WEBHOOK_SECRET first; it signs what GitHub will send.")
        url = options["url"].rstrip("/")
        try:
            if not configurations.ensure_registered(config, url and f"{url}{configurations.RECEIVER}"):
                return
        except (UpstreamError, configurations.HookNotManaged) as error:
            raise CommandError(f"The hook was not made at GitHub: {error}") from error
        self.stdout.write(f"Hook {config.webhook_id} of {config.organization or 'the tenant'} sends its events here.")
