"""`manage.py revoke_api_key PREFIX`: ends a key, named by its first letters, within seconds in every process."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from github_cache.models import ApiKey


class Command(BaseCommand):
    help = "Revoke an API key. It is refused within 5 s, and cannot be taken back."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("prefix", help="Its first letters, as list_api_keys shows them: hc_…")

    def handle(self, *args: Any, **options: Any) -> None:
        prefix = options["prefix"].rstrip("…")
        rows = list(ApiKey.objects.filter(prefix=prefix, revoked_at=None))
        if len(rows) != 1:
            found = "several keys begin" if rows else "no key that is in force begins"
            raise CommandError(f"{found} with {prefix[:10]!r}: see manage.py list_api_keys.")
        rows[0].revoke()
        self.stdout.write(f"Revoked {rows[0]}.")
