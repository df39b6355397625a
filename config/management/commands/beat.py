"""`manage.py beat`: the scheduler alone. There is one in all."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config import worker
from config.program import become
from config.reading import env


class Command(BaseCommand):
    help = "Run the scheduler in the foreground (Celery beat; this process becomes it). Run one in all."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        become(worker.beat_command(env()), settings.HUBCACHE_DATA_DIR)
