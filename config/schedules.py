"""The scheduler: schedules of our own are put into the database once, and are the operator's from then on.

django-celery-beat itself writes them anew at each start, over what was changed in the admin.
"""

from collections.abc import Mapping
from typing import Any

from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler


class KeptSchedules(DatabaseScheduler):
    """Beat's schedule in the database, in which only what is missing is added at a start."""

    def update_from_dict(self, mapping: Mapping[str, Any]) -> None:
        known = set(PeriodicTask.objects.filter(name__in=mapping).values_list("name", flat=True))
        super().update_from_dict({name: entry for name, entry in mapping.items() if name not in known})
