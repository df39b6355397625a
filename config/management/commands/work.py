"""`manage.py work`: a background worker alone, as containers and service managers start it."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import worker
from config.program import become
from config.reading import env


class Command(BaseCommand):
    help = "Run a background worker in the foreground (Celery; this process becomes it). SIGTERM lets tasks end."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "queues", nargs="*", metavar="QUEUE", help=f"Of {', '.join(worker.QUEUES)}; all where none is named."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        unknown = [name for name in options["queues"] if name not in worker.QUEUES]
        if unknown:
            raise CommandError(f"There is no queue {unknown[0]!r}; there are {', '.join(worker.QUEUES)}.")
        become(worker.command(env(), tuple(options["queues"]) or worker.QUEUES), settings.HUBCACHE_DATA_DIR)
