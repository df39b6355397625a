"""`manage.py serve`: the web server alone, as containers and service managers start it."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config import web
from config.program import become
from config.reading import env


class Command(BaseCommand):
    help = "Run the web server in the foreground (Granian; this process becomes it). SIGHUP renews its workers."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        become(web.command(env()), settings.HUBCACHE_DATA_DIR)
