"""`manage.py prepare`: what has to be there before the first request. A second run changes nothing."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand

from github_cache.models import ApiKey, Tenant
from webhooks import configurations


class Command(BaseCommand):
    help = "Migrate the database; make the first tenant, an admin user, an API key and the webhook configuration."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        tenant, _ = Tenant.objects.get_or_create(slug=settings.HUBCACHE_TENANT)
        self._first_admin()
        self._first_key(tenant)
        configurations.from_environment()

    def _first_admin(self) -> None:
        users = get_user_model()
        if users.objects.filter(is_superuser=True).exists():
            return
        password = secrets.token_urlsafe(12)
        users.objects.create_superuser("admin", password=password)
        self.stdout.write(f"Admin user: admin, password: {password} (shown once)")

    def _first_key(self, tenant: Tenant) -> None:
        if ApiKey.objects.exists():
            return
        _, key = ApiKey.create(tenant, "first key", ApiKey.Scope.values)
        self.stdout.write(f"API key: {key} (shown once; all scopes; HUBCACHE_KEY in the examples)")
