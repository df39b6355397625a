"""Workers say that they live: a row each, written from Celery's own heartbeat, so that one that hangs falls silent.

The database carries it, not the broker, so that a broker that is away does not make the workers look dead.
"""

import logging
import threading
import time
from datetime import datetime, timedelta
from typing import Any

from celery.signals import heartbeat_sent
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

EVERY_SECONDS = 20.0
ALIVE_WITHIN = timedelta(seconds=90)
FORGOTTEN_AFTER = timedelta(days=1)

log = logging.getLogger("hubcache.workers")
_last = 0.0


@heartbeat_sent.connect
def _beat(sender: Any = None, **_: Any) -> None:
    """Celery calls this every few seconds, in the loop that must not wait for a database."""
    global _last
    now = time.monotonic()
    if now - _last >= EVERY_SECONDS or not _last:
        _last = now
        threading.Thread(target=note, args=(sender.eventer.hostname, timezone.now()), daemon=True).start()


def note(name: str, now: datetime) -> None:
    """The worker of this name lives."""
    from config.models import Worker

    try:
        Worker.objects.update_or_create(name=name, defaults={"seen_at": now})
    except DatabaseError as error:
        log.warning("the worker could not say that it lives", extra={"error": type(error).__name__})
    finally:
        close_old_connections()


def alive(now: datetime) -> list[str]:
    """The names of the workers that were heard of lately."""
    from config.models import Worker

    return list(Worker.objects.filter(seen_at__gte=now - ALIVE_WITHIN).order_by("name").values_list("name", flat=True))


def forget(now: datetime) -> None:
    """Drops workers that are long gone."""
    from config.models import Worker

    Worker.objects.filter(seen_at__lt=now - FORGOTTEN_AFTER).delete()
