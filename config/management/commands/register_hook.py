"""`manage.py register_hook`: makes the hook at GitHub of the configuration that GITHUB_WEBHOOK_SECRET made."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.env import http_url
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
        try:
            url = http_url(options["url"])
        except ValueError as error:
            raise CommandError(f"--url: {options['url']!r} cannot be used: it {error}.") from None
        whose = config.organization or "the tenant"
        try:
            if not configurations.ensure_registered(config, url and f"{url}{configurations.RECEIVER}"):
                self.stdout.write(f"Hook {config.webhook_id} of {whose} is already there, at {config.webhook_url}.")
                return
        except (UpstreamError, configurations.HookNotManaged) as error:
            raise CommandError(f"The hook was not made at GitHub: {error}") from error
        self.stdout.write(f"Hook {config.webhook_id} of {whose} sends its events here.")
