"""`manage.py list_api_keys`: every key by its first letters, with what it may, its use and its end."""

from typing import Any

from django.core.management.base import BaseCommand

from github_cache.models import ApiKey


class Command(BaseCommand):
    help = "List the API keys: tenant, name, first letters, scopes, last use, and when they end or were revoked."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--tenant", help="Only this tenant's.")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = ApiKey.objects.all()
        if options["tenant"]:
            rows = rows.filter(tenant=options["tenant"])
        for row in rows:
            used = f"used {row.last_used_at:%Y-%m-%d %H:%M}" if row.last_used_at else "never used"
            end = f", ends {row.expires_at:%Y-%m-%d %H:%M}" if row.expires_at else ""
            gone = f", revoked {row.revoked_at:%Y-%m-%d %H:%M}" if row.revoked_at else ""
            self.stdout.write(f"{row}: {', '.join(row.scopes)}; {used}{end}{gone}")
