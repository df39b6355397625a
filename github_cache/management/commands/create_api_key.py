"""`manage.py create_api_key NAME`: a new key, shown once."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from github_cache.management import tenants
from github_cache.models import ApiKey, Tenant


class Command(BaseCommand):
    help = "Create an API key of a tenant and print it. It is shown this once; only its digest is kept."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("name", help="What it is for, as operators will read it.")
        parser.add_argument("--tenant", default=settings.HUBCACHE_TENANT, help="Whose key (%(default)s).")
        parser.add_argument(
            "--scope", action="append", choices=ApiKey.Scope.values, help="May be given several times (read)."
        )
        parser.add_argument("--days", type=int, help="Ends after so many days; without it, when it is revoked.")
        parser.add_argument("--requests", type=int, help="Requests per window, in place of the general limit.")

    def handle(self, *args: Any, **options: Any) -> None:
        for option in ("days", "requests"):
            if options[option] is not None and options[option] < 1:
                raise CommandError(f"--{option} is {options[option]}; it has to be at least 1.")
        name = options["name"].strip()
        if not name:
            raise CommandError("The name is empty: say what the key is for.")
        slug = options["tenant"]
        if slug == settings.HUBCACHE_TENANT:
            Tenant.objects.get_or_create(slug=slug)
        tenant = Tenant.objects.get(slug=tenants.existing(slug))
        ends = timezone.now() + timedelta(days=options["days"]) if options["days"] else None
        scopes = dict.fromkeys(options["scope"] or ("read",))
        row, key = ApiKey.create(tenant, name, tuple(scopes), ends)
        if options["requests"]:
            row.requests_per_window = options["requests"]
            row.save(update_fields=["requests_per_window"])
        self.stderr.write(f"Key {row.prefix}… of {slug} with {', '.join(row.scopes)}; it is shown this once:")
        self.stdout.write(key)
