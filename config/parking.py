"""Poison tasks are parked: what fails for good, or kills its worker again and again, waits for a person.

A task is acknowledged when it has ended, so one that takes its worker down with it is given to the next one. Its
deliveries are counted, and past MOST_DELIVERIES it is parked in place of being run.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from celery import current_app
from django.core.cache import cache
from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone

from config.models import ParkedTask

MOST_DELIVERIES = 3
"""A task that was begun so often, and never ended, is not begun again."""
REMEMBERED_SECONDS = 24 * 3600

log = logging.getLogger("hubcache.tasks")


def begun_too_often(task_id: str, delivery: Mapping[str, Any]) -> bool:
    """Counts a delivery of a task that was delivered before; is it one too many?

    While the cache is away nothing is counted, and the task runs.
    """
    if not delivery.get("redelivered"):
        return False
    key = f"redelivered:{task_id}"
    cache.add(key, 1, REMEMBERED_SECONDS)
    try:
        begun = cache.incr(key)
    except ValueError:
        return False
    return (begun or 0) > MOST_DELIVERIES


def park(name: str, args: Sequence[Any], kwargs: Mapping[str, Any], error: str) -> None:
    """Sets a task aside, or says in the log that not even that could be done."""
    arguments = [list(args), dict(kwargs)]
    digest = hashlib.sha256(orjson.dumps([name, arguments], option=orjson.OPT_SORT_KEYS)).hexdigest()
    facts = {"error": error[:2000], "parked_at": timezone.now()}
    try:
        task, new = ParkedTask.objects.get_or_create(
            digest=digest, defaults={**facts, "name": name, "arguments": arguments}
        )
        if not new:
            ParkedTask.objects.filter(pk=task.pk).update(**facts, times=F("times") + 1)
    except DatabaseError as failure:
        log.warning("a failed task could not be parked", extra={"task": name, "error": type(failure).__name__})


def run_again(task: ParkedTask) -> None:
    """Sends the task once more, and takes it off the list. Raises what the broker's client raises."""
    args, kwargs = task.arguments
    current_app.send_task(task.name, args, kwargs)
    task.delete()
